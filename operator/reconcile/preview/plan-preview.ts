import { isDeepStrictEqual } from 'node:util'
import { fieldProblems, readSchema } from '../../../api/read-schema.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import { mergePatch } from '../../../api/merge-patch.ts'
import { annotations, specSchema, type RealtimeChannel, type WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { ApiError } from '../../runtime/kubernetes-api.ts'
import type { Claims } from '../watch/claims.ts'
import type { ChannelResolver } from '../class/channel-resolver.ts'
import { cutNote, maxNoteBytes } from '../../runtime/event-object.ts'
import { describePlan } from '../plan/describe.ts'
import { parseChannel } from '../parse-channel.ts'
import { planChannel } from '../plan/plan.ts'
import type { Settings } from '../settings.ts'
import { foundIdsOf } from '../topic/claims.ts'
import { lookedAtTopic, recordsOf } from '../topic/record.ts'
import { topicUses } from '../topic/topic-uses.ts'
import type { FoundTopics, World } from '../world.ts'
import type { Question } from './question.ts'
import { isRecord } from '../../../program/is-record.ts'

/** Reads the topics of a changed channel; null: its Kafka is not known. */
export type ReadTopics = (channel: RealtimeChannel) => Promise<FoundTopics | null>

/** Decides on the changed channel. */
export interface PreviewParts {
  readonly resolver: Pick<ChannelResolver, 'resolve'>
  /** Finds the channels that have a path or a topic which the changed channel would ask for. */
  readonly claims: Pick<Claims, 'routeRivalIf' | 'rivalsOf'>
}

/**
 * Plans the change that the annotation carillon.dev/plan asks about, and changes nothing. The value of the annotation is a JSON merge patch (RFC 7396) of `spec`.
 * `true` asks about the present spec, which is useful while the channel is paused. The pause is ignored, because the question is what happens after it.
 * @returns a description of the plan; an error when the API server did not say which namespaces the class is for
 */
export async function previewPlan(
  world: World,
  { text }: Question,
  settings: Settings,
  { claims, resolver, readTopics }: PreviewParts & { readonly readTopics: ReadTopics },
): Promise<Result<string, ApiError>> {
  const changed = changeChannel(world, text)
  if (!changed.ok) return ok(changed.error)
  const resolved = await resolver.resolve(changed.value)
  if (!resolved.ok) return resolved
  if (!resolved.value.ok) return ok(`Not done (${resolved.value.error.reason}): ${resolved.value.error.message}`)
  const { channel, topicRules } = resolved.value.value
  const topics = hasOtherTopics(world.channel, channel) ? await readTopics(channel) : null
  const topicRivals = topics === null ? world.rivals : claims.rivalsOf(channel, topicRules, foundIdsOf(topics))
  const rivals = { ...topicRivals, route: claims.routeRivalIf(channel) }
  return ok(describePlan(planChannel({ ...world, ...topics, channel, records: recordsOf(channel), topicRules, rivals }, settings)))
}

/** Returns whether the changed channel needs a look at other topics. Brokers that only the patch names are not asked. */
function hasOtherTopics(before: RealtimeChannel, after: RealtimeChannel): boolean {
  const isSameKafka = isDeepStrictEqual(before.spec.kafka, after.spec.kafka)
  return isSameKafka && topicUses.some((use) => lookedAtTopic(use, before) !== lookedAtTopic(use, after))
}

/** Applies the patch to the written spec, without the defaults of the class. The class is then applied to the result. */
function changeChannel({ channel, underClass }: World, question: string): Result<WrittenChannel, string> {
  const patch = readPatch(question)
  if (!patch.ok) return patch
  const { [annotations.paused]: _paused, ...others } = channel.metadata.annotations ?? {}
  const spec = mergePatch(underClass.written, patch.value)
  const refusal = refusalOf(underClass.written, spec)
  if (refusal !== null) return failed(refusal)
  const object = { ...channel, metadata: { ...channel.metadata, annotations: others }, spec }
  const parsed = parseChannel(object as unknown as KubernetesObject) // parseChannel finds what the patch may have broken
  if (!parsed.ok) return failed(`The channel would not be understood: ${parsed.error.message}`)
  return ok(parsed.value.channel)
}

/** Returns the unknown members and the values beyond their bounds. The channel may keep those that it has already. */
function refusalOf(before: unknown, after: unknown): string | null {
  const known = new Set(fieldProblems(readSchema(specSchema, before, { path: 'spec' })).map(({ path }) => path))
  const problems = fieldProblems(readSchema(specSchema, after, { path: 'spec' })).filter(({ path }) => !known.has(path))
  if (problems.length === 0) return null
  const sentences = problems.map(({ path, message }) => `${path}${message.startsWith('is ') ? '' : ':'} ${message}`)
  return cutNote(`The API server would refuse this. ${sentences.join('. ')}.`, maxNoteBytes - 1)
}

function readPatch(question: string): Result<unknown, string> {
  if (question === 'true') return ok({})
  try {
    const patch: unknown = JSON.parse(question)
    if (isRecord(patch)) return ok(patch)
  } catch {
    // Not JSON: reported below.
  }
  return failed(`${annotations.plan} is invalid; expected true, or a JSON merge patch of spec such as {"gateway":{"replicas":5}}`)
}
