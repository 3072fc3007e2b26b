/** `warning`: works, but is weaker than it could be; `failed`: something does not hold that should. */
export type CheckState = 'ok' | 'warning' | 'failed';

/** One line of the checklist. Holds no secret and no data, so that it may be pasted into an issue. */
export interface Check {
  readonly id: string;
  readonly title: string;
  readonly state: CheckState;
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** What a check found; without a state it is fine. */
export type Finding = { readonly state?: CheckState; readonly detail: string; readonly fix?: string };

/** Runs one check. An error is a failed check, so that one broken thing does not hide the others. */
export async function runCheck(id: string, title: string, find: () => Promise<Finding> | Finding): Promise<Check> {
  try {
    return { id, title, state: 'ok', ...(await find()) };
  } catch (error) {
    const { message, fix } = error as Error & { fix?: string };
    return { id, title, state: 'failed', detail: message, ...(fix === undefined ? {} : { fix }) };
  }
}
