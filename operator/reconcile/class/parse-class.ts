import { isUnderstood, readSchema } from '../../../api/read-schema.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import { classKind, classSpecSchema, type RealtimeChannelClassSpec } from '../../../api/v1alpha1/realtime-channel-class.ts'
import { apiVersion, type RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { isAmbiguous } from '../../../api/name-pattern.ts'
import { boundsOf, type Bounds } from './bounds.ts'
import type { ChannelClass } from './channel-class.ts'

export interface ParsedClass {
  readonly class: ChannelClass & { readonly name: string }
  /** Paths of the fields that this operator does not know and ignores. It does not allow what it does not know. */
  readonly unknownFields: readonly string[]
}

/**
 * Reads a class. Its CustomResourceDefinition may be older or newer than this operator. An operator without cluster rights has its class from a file, which no
 * API server has checked.
 * @returns the problem, as a sentence
 */
export function parseClass(object: unknown): Result<ParsedClass, string> {
  const { apiVersion: version, kind, metadata, spec } = Object(object) as Readonly<Record<string, unknown>> // any value has these fields or lacks them
  const name = (Object(metadata) as { readonly name?: unknown }).name
  if (version !== apiVersion || kind !== classKind || typeof name !== 'string')
    return failed(`It is not a ${classKind} of ${apiVersion} with a name.`)
  const { stored, problems, unknown } = readSchema(classSpecSchema, spec ?? {}, { path: 'spec', typesOnly: true })
  const problem = problems.find((each) => !isUnderstood(each))
  if (problem !== undefined) return failed(`${problem.path} is ${problem.found}; expected ${problem.expected}.`)
  const { defaults = {}, allowed = {} } = stored as RealtimeChannelClassSpec // `readSchema` has checked it against the schema of this type
  const bounds = boundsOf(allowed)
  const ambiguous = ambiguousIn(bounds, defaults)
  if (ambiguous !== null)
    return failed(
      `The pattern ${ambiguous} may give one thing to two namespaces. Put NAMESPACE beside a dot or a slash, with a wildcard on at most one side, as in NAMESPACE.*.`,
    )
  return ok({ class: { name, defaults, bounds }, unknownFields: unknown.map(({ path }) => path) })
}

function ambiguousIn(
  { topics, bootstrapServers, hosts, pathPrefixes, images }: Bounds,
  { route: { host = '', paths = {} } = {} }: RealtimeChannelSpec,
): string | null {
  return [...topics, ...bootstrapServers, ...hosts, ...pathPrefixes, ...images, host, ...Object.values(paths)].find(isAmbiguous) ?? null
}
