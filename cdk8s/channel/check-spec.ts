import { specSchema, type RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { walkSchema } from '../../api/v1alpha1/walk-schema.ts'
import { fieldProblems, readSchema, type Problem } from '../../api/read-schema.ts'
import { rules } from './rules.ts'

/** Everything that the API server would find wrong with this spec of a new channel, at once. The operator may still refuse it: it knows the cluster. */
export function checkSpec(spec: RealtimeChannelSpec): readonly Problem[] {
  const problems = fieldProblems(readSchema(specSchema, spec, { path: 'spec' }))
  // The rules compare fields, and need them to be what they should be.
  if (problems.length > 0) return problems
  return checkRules(spec)
}

/** The rules that compare fields, of a spec in which each field is what it should be. */
export function checkRules(spec: RealtimeChannelSpec): readonly Problem[] {
  return placedRules.flatMap(({ path, message, holds }) => (holds === null || holds(spec) ? [] : [{ path, message }]))
}

interface PlacedRule {
  /** Of the field that is to be changed. */
  readonly path: string
  readonly message: string
  readonly holds: (typeof rules)[string][number]
}

const placedRules: readonly PlacedRule[] = walkSchema(specSchema, 'spec').flatMap(({ path, schema }) =>
  (schema['x-kubernetes-validations'] ?? []).map(({ message = '', fieldPath = '' }, index) => ({
    path: `${path}${fieldPath}`,
    message,
    holds: rules[path]?.[index] ?? null,
  })),
)
