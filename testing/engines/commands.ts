/** Programs of the engines besides Chromium, each by the names that it has on the PATH of some systems. */
export const engineCommands = {
  firefox: ['firefox-esr', 'firefox'],
  webKitWebDriver: ['WebKitWebDriver'],
  xvfb: ['Xvfb'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** Returns the path of Chromium: the variable CHROMIUM, else Debian's path. */
export function chromiumPath(env: Readonly<Record<string, string | undefined>>): string {
  return (env['CHROMIUM'] ?? '') === '' ? '/usr/bin/chromium' : (env['CHROMIUM'] ?? '')
}
