import { nearestName } from './nearest-name.ts'
import type { OptionTable } from './option.ts'
import type { Environment } from './read-options.ts'

/**
 * Returns sentences about ignored variables that were probably meant for this program: a misspelt option, or a name with one of the prefixes.
 * @param prefixes prefixes that only this program's variables have, such as `JWT_`
 */
export function misspelt(table: OptionTable, env: Environment, prefixes: readonly string[] = []): readonly string[] {
  const known = Object.values(table).map((option) => option.env)
  const knownSet: ReadonlySet<string> = new Set(known)
  return Object.keys(env)
    .filter((name) => !knownSet.has(name) && (env[name] ?? '') !== '')
    .flatMap((name) => {
      const nearest = nearestName(name, known)
      if (nearest !== null) return [`${name} is not an option and is ignored. Did you mean ${nearest}?`]
      return prefixes.some((prefix) => name.startsWith(prefix)) && !isOfOthers(name)
        ? [`${name} is not an option and is ignored. --help lists all options.`]
        : []
    })
}

/** Variables that Kubernetes sets for a Service of that name, and variables that Kafka's own tools and images read. */
const ofOthers = [
  /_SERVICE_(?:HOST|PORT)(?:_|$)/,
  /_PORT(?:_\d+_(?:TCP|UDP)(?:_(?:ADDR|PORT|PROTO))?)?$/,
  /^KAFKA_(?:HOME|OPTS|HEAP_OPTS|DEBUG|GC_LOG_OPTS|VERSION|DATA|CLUSTER_ID|NODE_ID|PROCESS_ROLES)$/,
  /^KAFKA_(?:JMX|JVM|LOG4J|CFG|LISTENER|ADVERTISED|CONTROLLER|INTER|OFFSETS|TRANSACTION)_?/,
]

const isOfOthers = (name: string): boolean => ofOthers.some((pattern) => pattern.test(name))
