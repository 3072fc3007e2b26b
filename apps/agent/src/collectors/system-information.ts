/** The library, loaded at first use: it is large, and Linux needs it for the survey only. */
export async function systemInformation() {
  const { default: si } = await import('systeminformation');
  return si;
}
