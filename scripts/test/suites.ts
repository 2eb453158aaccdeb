import { findControlPlaneCommands } from '../../testing/control-plane/commands.ts'
import { chromiumPath, engineCommands } from '../../testing/engines/commands.ts'

/** A vitest project, what it needs, and how to get that. */
export interface Suite {
  readonly project: 'unit' | 'kafka' | 'cluster' | 'kubernetes' | 'browser' | 'engines'
  /** Returns null when this machine can run it; otherwise what is missing and how to get it. */
  readonly missing: (machine: Machine) => string | null
}

/** Facts about a machine. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly hasCommand: (name: string) => boolean
  readonly isExecutable: (path: string) => boolean
}

export const suites: readonly Suite[] = [
  { project: 'unit', missing: () => null },
  { project: 'kafka', missing: missingKafka },
  { project: 'cluster', missing: missingCluster },
  { project: 'kubernetes', missing: missingKubernetes },
  { project: 'browser', missing: missingBrowser },
  { project: 'engines', missing: missingEngines },
]

function missingKafka(machine: Machine): string | null {
  // A running broker will not do: the tests stop, kill and restart their own.
  if (machine.hasCommand('kafka-server')) return null
  return `They need a command \`kafka-server\` on the PATH, with which they start and kill brokers of their own. ${howToGetKafka}`
}

/** Advice of `make infra` as well. */
export const howToGetKafka =
  'Unpack Kafka 4 (https://kafka.apache.org/downloads; it needs Java 17), set KAFKA_HOME to that folder, and put scripts/ on the PATH: `export KAFKA_HOME=/opt/kafka PATH=$PWD/scripts:$PATH`.'

function missingCluster(machine: Machine): string | null {
  const needed = {
    'kafka-server': 'Kafka',
    'kafka-configs.sh': 'Kafka',
    'kafka-console-consumer.sh': 'Kafka',
    java: 'Java 17',
    mvn: 'Maven',
  }
  const missing = Object.entries(needed).filter(([name]) => !machine.hasCommand(name))
  if (missing.length === 0) return null
  const names = missing.map(([name, part]) => `\`${name}\` (${part})`).join(', ')
  return `They need ${names} on the PATH: with Kafka's commands they start, kill and query brokers, and with Maven they fetch Kafka 3.9. ${howToGetKafka} Put Kafka's bin/ there, too. On Debian: apt-get install openjdk-17-jre-headless maven.`
}

function missingKubernetes(machine: Machine): string | null {
  const found = findControlPlaneCommands(machine.env)
  if (!found.ok) return found.error
  const others = ['helm', 'kafka-server'].filter((name) => !machine.hasCommand(name))
  if (others.length === 0) return null
  return `They need ${others.map((name) => `\`${name}\``).join(' and ')} on the PATH: with helm the chart is rendered (https://helm.sh/docs/intro/install/), with kafka-server the operator has a broker. ${howToGetKafka}`
}

function missingBrowser(machine: Machine): string | null {
  const path = chromiumPath(machine.env)
  if (machine.isExecutable(path)) return null
  return `They need Chromium, and ${path} is missing: install it (Debian: apt-get install chromium), or set CHROMIUM to its path.`
}

function missingEngines(machine: Machine): string | null {
  const commands = Object.values(engineCommands).filter((names) => !names.some((name) => machine.hasCommand(name)))
  const programs = commands.map(([name]) => `\`${name}\``).join(', ')
  const missing = [missingBrowser(machine), programs === '' ? null : `They need ${programs} on the PATH. ${howToGetEngines}`]
  return missing.every((each) => each === null) ? null : missing.filter((each) => each !== null).join(' ')
}

const howToGetEngines =
  'On Debian: apt-get install firefox-esr webkit2gtk-driver xvfb. WebKitGTK and Xvfb exist on Linux alone; elsewhere use a container.'
