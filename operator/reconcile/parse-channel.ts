import { isUnderstood, readSchema, shown } from '../../api/read-schema.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { apiVersion, channelKind, specSchema, statusSchema, type WrittenChannel } from '../../api/v1alpha1/realtime-channel.ts'
import { isRecord } from '../../program/is-record.ts'

/** Channel as this operator understands it. No default is filled in. */
export interface ParsedChannel {
  readonly channel: WrittenChannel
  /** Paths of fields that this operator does not know and ignores: the CRD is newer than the operator. */
  readonly unknownFields: readonly string[]
}

/** Reason why an object cannot be read as a channel. */
export interface NotUnderstood {
  /** `spec.topic.partitions` */
  readonly path: string
  readonly found: string
  readonly expected: string
  /** Sentence that says all of this, and what to do. */
  readonly message: string
}

/**
 * Reads a channel as the API server returns it. The CustomResourceDefinition in the cluster may be newer than this operator: then it has fields that the
 * operator does not know, which are named. Or a field may have another type than the operator expects: then the operator does not touch the channel. No
 * default is filled in here, because those of the class come first.
 *
 * Bounds and patterns are not checked again: a release may narrow them without taking down running channels.
 */
export function parseChannel(object: unknown): Result<ParsedChannel, NotUnderstood> {
  if (!isRecord(object)) return failed(notUnderstood('', shown(object), 'an object'))
  if (object['apiVersion'] !== apiVersion) return failed(notUnderstood('apiVersion', shown(object['apiVersion']), apiVersion))
  if (object['kind'] !== channelKind) return failed(notUnderstood('kind', shown(object['kind']), channelKind))
  const { metadata } = object
  if (!isRecord(metadata) || typeof metadata['name'] !== 'string')
    return failed(notUnderstood('metadata.name', shown(undefined), 'a string'))
  const spec = readSchema(specSchema, object['spec'] ?? {}, { path: 'spec', typesOnly: true })
  const status = readSchema(statusSchema, object['status'], { path: 'status', typesOnly: true })
  const problem = [...spec.problems, ...status.problems].find((each) => !isUnderstood(each))
  if (problem !== undefined) return failed(notUnderstood(problem.path, problem.found, problem.expected))
  // `readSchema` has held spec and status to the schemas that their types are made of; metadata is the API server's own and always of this shape.
  const channel = {
    apiVersion,
    kind: channelKind,
    metadata,
    spec: spec.stored,
    ...(status.stored === undefined ? {} : { status: status.stored }),
  } as unknown as WrittenChannel
  return ok({ channel, unknownFields: [...spec.unknown, ...status.unknown].map(({ path }) => path) })
}

function notUnderstood(path: string, found: string, expected: string): NotUnderstood {
  const what = `${path === '' ? 'The channel' : path} is ${found}; this operator expects ${expected}.`
  return {
    path,
    found,
    expected,
    message: `${what} The CustomResourceDefinition and this operator are of different releases. Upgrade the chart, so that both are of one release`,
  }
}
