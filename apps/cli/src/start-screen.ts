import type { ProtectionLayer } from '@bulwark/protocol';

/** What is worth knowing about a server that has started. */
export interface StartFacts {
  readonly url: string;
  readonly dataDir: string;
  readonly layers: readonly ProtectionLayer[];
  /** Makes the first administrator, once; undefined when there is one. */
  readonly setupUrl: string | undefined;
  /** The authority of a development certificate, for browsers that should trust it. */
  readonly caFile: string | undefined;
}

/** The screen after the start: where it is, what protects the data, what is missing, what to do next. */
export function startScreen({ url, dataDir, layers, setupUrl, caFile }: StartFacts): string {
  const nameWidth = Math.max(...layers.map(({ name }) => name.length));
  const notOn = layers.filter(({ state }) => state !== 'on');
  const lines = [
    '',
    'Bulwark is running.',
    '',
    `  Address         ${url}`,
    `  Data directory  ${dataDir}`,
    ...(caFile === undefined ? [] : [`  Authority       ${caFile} (trust it to be spared the browser's warning)`]),
    '',
    'Protection',
    ...layers.map(({ state, name, detail }) => {
      const line = `  ${state.padEnd(4)}  ${name.padEnd(nameWidth)}`;
      return state === 'on' ? `${line}  ${detail}` : line.trimEnd();
    }),
    '',
    // Each on a line of its own, with its reason.
    ...notOn.map(({ name, state, detail }) => `Warning: ${name} is ${state}: ${detail}`),
    ...(notOn.length === 0 ? [] : ['']),
    ...(setupUrl === undefined ? [] : ['Create the first administrator; this link works once:', `  ${setupUrl}`, '']),
    'Press Ctrl-C to stop.',
  ];
  return lines.join('\n');
}
