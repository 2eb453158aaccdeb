import { isRecord } from '../../program/is-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { type AcceptRule, deliverTargets, ruleBounds, ruleDefaults } from './accept-rule.ts'
import { type DataSchema, type Mistake, schemaMistakes } from './data-schema.ts'

/**
 * Parses the rules of UPSTREAM_ACCEPT: a JSON array of the shape of `spec.upstream.accept`.
 * @returns the rules in their order, or every mistake with its path and its remedy
 */
export function parseAcceptRules(text: string): Result<readonly AcceptRule[], readonly Mistake[]> {
  const json = parseJson(text)
  return json.ok ? readAcceptRules(json.value, 'UPSTREAM_ACCEPT') : json
}

function parseJson(text: string): Result<unknown, readonly Mistake[]> {
  try {
    return ok(JSON.parse(text))
  } catch {
    // A SyntaxError; its message quotes the text.
    return failed(['UPSTREAM_ACCEPT: not JSON. Set a JSON array as in [{"type":"chat.message"}]'])
  }
}

/** Reads rules that are parsed already. @param path of the array, for mistakes: `spec.upstream.accept` */
export function readAcceptRules(value: unknown, path: string): Result<readonly AcceptRule[], readonly Mistake[]> {
  if (!Array.isArray(value) || value.length === 0 || value.length > ruleBounds.rules)
    return failed([`${path}: must be a JSON array of 1 to ${ruleBounds.rules} rules, as in [{"type":"chat.message"}]`])
  const reader = new Reader()
  const rules = value.map((rule: unknown, index) => reader.rule(rule, `${path}[${index}]`))
  return reader.mistakes.length === 0 ? ok(rules) : failed(reader.mistakes)
}

const members = ['type', 'typePrefix', 'maxBytes', 'ratePerUser', 'burst', 'roles', 'schema', 'deliverTo'] as const
type Member = (typeof members)[number]
type Given = Readonly<Partial<Record<Member, unknown>>>

/** Types of the gateway's own. */
const controlPrefix = 'dev.carillon.'

/** Reads rules and collects mistakes. A rule with a mistake is made as well, and is not used. */
class Reader {
  readonly mistakes: Mistake[] = []

  rule(value: unknown, path: string): AcceptRule {
    if (!isRecord(value)) this.#wrong(path, 'must be an object with `type` or `typePrefix`')
    const given: Given = isRecord(value) ? value : {}
    for (const name of Object.keys(given))
      if (!members.some((member) => member === name))
        this.#wrong(`${path}.${name.slice(0, 64)}`, `no such member. A rule has ${members.join(', ')}`)
    const maxBytes = this.#number(given, 'maxBytes', path, ruleBounds.maxBytes)
    return {
      match: this.#match(given, path),
      maxBytes,
      ratePerUser: this.#number(given, 'ratePerUser', path, ruleBounds.ratePerUser),
      burst: this.#number(given, 'burst', path, ruleBounds.burst),
      roles: this.#roles(given.roles, `${path}.roles`),
      schema: this.#schema(given.schema, `${path}.schema`, maxBytes),
      deliverTo: this.#deliverTo(given.deliverTo, `${path}.deliverTo`),
    }
  }

  #match({ type, typePrefix }: Given, path: string): AcceptRule['match'] {
    if ((type === undefined) === (typePrefix === undefined)) {
      this.#wrong(path, 'must have exactly one of `type` and `typePrefix`')
      return { kind: 'exact', text: '' }
    }
    const [kind, text, at] =
      type === undefined ? (['prefix', typePrefix, `${path}.typePrefix`] as const) : (['exact', type, `${path}.type`] as const)
    if (typeof text !== 'string' || text.length > ruleBounds.typeLength || (text === '' && kind === 'exact')) {
      this.#wrong(at, `must be a text of at most ${ruleBounds.typeLength} characters, as \`chat.message\``)
      return { kind, text: '' }
    }
    if (text.startsWith(controlPrefix)) this.#wrong(at, `must not begin with ${controlPrefix}: those types are commands to the gateway`)
    return { kind, text }
  }

  #number(given: Given, name: 'maxBytes' | 'ratePerUser' | 'burst', path: string, max: number): number {
    const value = given[name] ?? ruleDefaults[name]
    if (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= max) return Number(value)
    this.#wrong(`${path}.${name}`, `must be a whole number from 1 to ${max}`)
    return ruleDefaults[name]
  }

  #roles(value: unknown, path: string): readonly string[] | null {
    if (value === undefined) return null
    const isRole = (role: unknown): role is string => typeof role === 'string' && role !== '' && role.length <= ruleBounds.roleLength
    // An empty list would let no user send: more likely it was meant as "every user".
    if (Array.isArray(value) && value.length > 0 && value.length <= ruleBounds.roles && value.every(isRole)) return value
    this.#wrong(path, `must be an array of 1 to ${ruleBounds.roles} roles. Leave it out to let every user send`)
    return null
  }

  #schema(value: unknown, path: string, maxBytes: number): DataSchema | null {
    if (value === undefined) return null
    this.mistakes.push(...schemaMistakes(value, path, maxBytes))
    return isRecord(value) ? value : null
  }

  #deliverTo(value: unknown, path: string): AcceptRule['deliverTo'] {
    const target = deliverTargets.find((known) => known === (value ?? ruleDefaults.deliverTo))
    if (target === undefined) this.#wrong(path, `must be one of ${deliverTargets.join(', ')}`)
    return target ?? ruleDefaults.deliverTo
  }

  #wrong(path: string, what: string): void {
    this.mistakes.push(`${path}: ${what}`)
  }
}
