import { createHash } from 'node:crypto'
import { fieldProblems, readSchema } from '../../../api/read-schema.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import { mergePatch } from '../../../api/merge-patch.ts'
import { annotations, specSchema, type WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { ApiError } from '../../runtime/kubernetes-api.ts'
import type { Claims } from '../watch/claims.ts'
import type { ChannelJudge } from '../class/judge.ts'
import { cutNote, maxNoteBytes } from '../../runtime/event-object.ts'
import { describePlan } from '../plan/describe.ts'
import { parseChannel } from '../observe/parse-channel.ts'
import { planChannel } from '../plan/plan.ts'
import type { Settings } from '../settings.ts'
import { recordsOf } from '../topic/record.ts'
import type { World } from '../world.ts'
import { isRecord } from '../../../program/is-record.ts'

/** What the annotation carillon.dev/plan asks. */
export interface Question {
  /** The same for the same question about the same channel, so that it is answered once. */
  readonly id: string
  readonly text: string
}

/** What judges the channel as it would be. */
export interface PreviewParts {
  readonly judge: Pick<ChannelJudge, 'judge'>
  /** Finds who has a path that it would ask for. */
  readonly claims: Pick<Claims, 'routeRivalIf'>
}

/** @returns null when nothing is asked */
export function questionOf({ metadata }: World['channel']): Question | null {
  const text = metadata.annotations?.[annotations.plan]
  if (text === undefined) return null
  return {
    id: createHash('sha256')
      .update(JSON.stringify([metadata.uid, metadata.generation, text]))
      .digest('hex')
      .slice(0, 10),
    text,
  }
}

/**
 * Plans what the annotation carillon.dev/plan asks about, and changes nothing. Its value is a JSON merge patch (RFC 7396) of `spec`: what if the channel
 * were so? `true` asks about the channel as it is, which is worth something while it is paused. A pause is ignored: the question is what would happen
 * after it.
 * @returns what the operator would do, for people; an error when the API server could not say whom the class is for
 */
export async function previewPlan(
  world: World,
  { text }: Question,
  settings: Settings,
  { claims, judge }: PreviewParts,
): Promise<Result<string, ApiError>> {
  const changed = changeChannel(world, text)
  if (!changed.ok) return ok(changed.error)
  const held = await judge.judge(changed.value)
  if (!held.ok) return held
  if (!held.value.ok) return ok(`Not done (${held.value.error.reason}): ${held.value.error.message}`)
  const { channel, topicRules } = held.value.value
  const rivals = { ...world.rivals, route: claims.routeRivalIf(channel) }
  return ok(describePlan(planChannel({ ...world, channel, records: recordsOf(channel), topicRules, rivals }, settings)))
}

/** The patch is of what people wrote, and the class judges what comes of it. */
function changeChannel({ channel, underClass }: World, question: string): Result<WrittenChannel, string> {
  const patch = readPatch(question)
  if (!patch.ok) return patch
  const { [annotations.paused]: _paused, ...others } = channel.metadata.annotations ?? {}
  const spec = mergePatch(underClass.written, patch.value)
  const refusal = refusalOf(underClass.written, spec)
  if (refusal !== null) return failed(refusal)
  const object = { ...channel, metadata: { ...channel.metadata, annotations: others }, spec }
  const parsed = parseChannel(object as unknown as KubernetesObject) // What a patch may have broken, parseChannel finds.
  if (!parsed.ok) return failed(`The channel would not be understood: ${parsed.error.message}`)
  return ok(parsed.value.channel)
}

/** Unknown members, and values beyond their bounds. What the channel has already, it may keep. */
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
    // Not JSON: said below.
  }
  return failed(`${annotations.plan} is not right; expected true, or a JSON merge patch of spec such as {"gateway":{"replicas":5}}`)
}
