/** A vitest project, what it needs, and how to get that. */
export interface Suite {
  readonly project: 'unit' | 'kafka' | 'browser'
  /** Null when this machine can run it; otherwise what is missing and how to get it. */
  readonly missing: (machine: Machine) => string | null
}

/** What the suites want to know of a machine. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly hasCommand: (name: string) => boolean
  readonly isExecutable: (path: string) => boolean
}

export const suites: readonly Suite[] = [
  { project: 'unit', missing: () => null },
  { project: 'kafka', missing: missingKafka },
  { project: 'browser', missing: missingBrowser },
]

/** Where Chromium is: the variable CHROMIUM, else Debian's place. */
export function chromiumPath(env: Machine['env']): string {
  return (env['CHROMIUM'] ?? '') === '' ? '/usr/bin/chromium' : (env['CHROMIUM'] ?? '')
}

function missingKafka(machine: Machine): string | null {
  if (machine.hasCommand('kafka-server') || (machine.env['KAFKA_BROKERS'] ?? '') !== '') return null
  return 'They need a real Kafka: put a `kafka-server` command on the PATH (the tests start and stop brokers of their own), or set KAFKA_BROKERS to one that may be written to (`make infra` starts one by docker compose).'
}

function missingBrowser(machine: Machine): string | null {
  const path = chromiumPath(machine.env)
  if (machine.isExecutable(path)) return null
  return `They need Chromium, and ${path} is none: install it (Debian: apt-get install chromium), or set CHROMIUM to its path.`
}
