import type { Config } from './options.ts'
import { options } from './options.ts'
import { optionNames, type Environment } from './parse-options.ts'

/** What works, but is probably not what was meant; sentences for the log at start. */
export function configWarnings(env: Environment, config: Config): readonly string[] {
  return [...misspelt(env), ...questionable(env, config)]
}

const known = optionNames.map((name) => options[name].env)
const knownSet: ReadonlySet<string> = new Set(known)

/** Variables that look like a misspelt option: they would be ignored without a word. */
function misspelt(env: Environment): readonly string[] {
  return Object.keys(env)
    .filter((name) => !knownSet.has(name) && (env[name] ?? '') !== '')
    .flatMap((name) => {
      const nearest = nearestName(name, known)
      return nearest === null ? [] : [`${name} is no option and is ignored. Did you mean ${nearest}?`]
    })
}

function questionable(env: Environment, config: Config): readonly string[] {
  const warnings: readonly (readonly [boolean, string])[] = [
    [config.isDevelopment && isSet(env, 'HOST') && env['HOST'] !== config.host, 'HOST is ignored: development mode listens on 127.0.0.1 only. Configure keys (JWT_JWKS_URI or JWT_KEYS_FILE) to listen elsewhere.'],
    [config.kafkaSaslMechanism === 'plain' && !config.kafkaTls, 'KAFKA_SASL_MECHANISM=plain without KAFKA_TLS=true sends the password in the clear.'],
    [config.dangerouslyAllowAnyOrigin, 'DANGEROUSLY_ALLOW_ANY_ORIGIN: a page of any site can connect as the user whose browser shows it.'],
    [config.dangerouslyAllowAnyOrigin && config.allowedOrigins.length > 0, 'ALLOWED_ORIGINS has no effect beside DANGEROUSLY_ALLOW_ANY_ORIGIN=true.'],
    [config.emitTrustXRhIdentity, 'EMIT_TRUST_X_RH_IDENTITY: whoever reaches this port without the proxy can emit as anybody.'],
  ]
  return warnings.filter(([applies]) => applies).map(([, sentence]) => sentence)
}

function isSet(env: Environment, name: string): boolean {
  return (env[name] ?? '') !== ''
}

/**
 * The one of `names` that `name` was probably meant to be; null when none is near. Case and what is neither a letter nor a
 * digit do not count (`kafkaBrokers`, `kafka-brokers`); one slip in every five characters does, two at most.
 */
export function nearestName(name: string, names: readonly string[]): string | null {
  const given = essence(name)
  const ranked = names
    .map((candidate) => ({ candidate, slips: distance(given, essence(candidate)) }))
    .filter(({ candidate, slips }) => slips <= Math.min(2, Math.floor(Math.min(essence(candidate).length, given.length) / 5)))
    .toSorted((a, b) => a.slips - b.slips)
  return ranked[0]?.candidate ?? null
}

function essence(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '').slice(0, 64)
}

/** Levenshtein's distance; names are short, so the plain table will do. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1]
    for (const [column, other] of [...b].entries()) {
      const replaced = (above[column] ?? 0) + (letter === other ? 0 : 1)
      current.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    above = current
  }
  return above[b.length] ?? 0
}
