import { isUnderstood, readSchema } from '../../../api/read-schema.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import { classKind, classSpecSchema, type RealtimeChannelClassSpec } from '../../../api/v1alpha1/realtime-channel-class.ts'
import { apiVersion, type RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { isAmbiguous } from '../../../api/name-pattern.ts'
import { boundsOf, type Bounds } from './bounds.ts'
import type { ChannelClass } from './channel-class.ts'

export interface ParsedClass {
  readonly class: ChannelClass & { readonly name: string }
  /** Paths of the fields that this operator does not know and ignores. What it does not know, it does not allow. */
  readonly unknownFields: readonly string[]
}

/**
 * Reads a class. Its CustomResourceDefinition may be older or newer than this operator, and the class of an operator without rights of the cluster comes from
 * a file that no API server has judged.
 * @returns what is wrong with it, in a sentence
 */
export function parseClass(object: unknown): Result<ParsedClass, string> {
  const { apiVersion: version, kind, metadata, spec } = Object(object) as Readonly<Record<string, unknown>> // whatever it is, it has such fields or not
  const name = (Object(metadata) as { readonly name?: unknown }).name
  if (version !== apiVersion || kind !== classKind || typeof name !== 'string')
    return failed(`It is no ${classKind} of ${apiVersion} with a name.`)
  const { stored, problems, unknown } = readSchema(classSpecSchema, spec ?? {}, { path: 'spec' })
  const problem = problems.find((each) => !isUnderstood(each))
  if (problem !== undefined) return failed(`${problem.path} is ${problem.found}; expected ${problem.expected}.`)
  const { defaults = {}, allowed = {} } = stored as RealtimeChannelClassSpec // `readSchema` has held it to the schema that the type is made of
  const bounds = boundsOf(allowed)
  const ambiguous = ambiguousIn(bounds, defaults)
  if (ambiguous !== null)
    return failed(
      `The pattern ${ambiguous} may give one thing to two namespaces. Let NAMESPACE stand beside a dot or a slash, and leave something open on one side of it at most, as in NAMESPACE.*.`,
    )
  return ok({ class: { name, defaults, bounds }, unknownFields: unknown.map(({ path }) => path) })
}

function ambiguousIn(
  { topics, bootstrapServers, hosts, pathPrefixes, images }: Bounds,
  { route: { host = '', paths = {} } = {} }: RealtimeChannelSpec,
): string | null {
  return [...topics, ...bootstrapServers, ...hosts, ...pathPrefixes, ...images, host, ...Object.values(paths)].find(isAmbiguous) ?? null
}
