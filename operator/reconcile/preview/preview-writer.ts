import type { Logger } from '../../../program/log/logger.ts'
import type { Result } from '../../../program/result.ts'
import type { KubernetesObject, ResourceType } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { microTime } from '../../runtime/lease.ts'
import { previewPlan, questionOf, type PreviewParts, type Question } from './plan-preview.ts'
import type { Settings } from '../settings.ts'
import type { World } from '../world.ts'

export interface PreviewerParts extends PreviewParts {
  readonly api: Pick<KubernetesApi, 'create'>
  readonly settings: Settings
  readonly logger: Logger
  /** Of the operator that answers. */
  readonly identity: string
  readonly nowMs: () => number
  /** Channels whose questions are remembered; the one that asked longest ago is forgotten for another. @default 4096 */
  readonly maxChannels?: number
}

const eventType: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', isNamespaced: true }

/**
 * Answers the annotation carillon.dev/plan with an Event. The Event's name follows from the question, so that a question is answered once, by
 * whichever operator, however often the channel is looked at. It does not wait for the answer, and a failure costs nothing but it.
 */
export function createPreviewer({
  api,
  settings,
  logger,
  identity,
  nowMs,
  maxChannels = 4_096,
  ...parts
}: PreviewerParts): (world: World) => void {
  /** By channel, the question that was answered last. One that is forgotten is answered again, which the API server then refuses. */
  const answered = new Map<string, string>()

  function remember(key: string, id: string): void {
    answered.delete(key)
    answered.set(key, id)
    const [oldest] = answered.keys()
    if (answered.size > maxChannels && oldest !== undefined) answered.delete(oldest)
  }

  async function answer(world: World, question: Question): Promise<void> {
    const { metadata } = world.channel
    const told = await tell(world, question)
    if (told.ok || told.error.kind === 'already-exists') return
    logger.warn(
      { namespace: metadata.namespace, channel: metadata.name, reason: told.error.message },
      'a plan that was asked for could not be told',
    )
  }

  async function tell(world: World, question: Question): Promise<Result<unknown, ApiError>> {
    const note = await previewPlan(world, question, settings, parts)
    return note.ok ? api.create(eventType, eventOf(world, { id: question.id, note: note.value }, { identity, nowMs: nowMs() })) : note
  }

  return (world) => {
    const question = questionOf(world.channel)
    const key = world.channel.metadata.uid ?? ''
    if (question === null) return void answered.delete(key)
    if (answered.get(key) === question.id) return
    remember(key, question.id)
    void answer(world, question) // never rejects: the API's failures are values
  }
}

function eventOf(
  { channel }: World,
  { id, note }: { readonly id: string; readonly note: string },
  { identity, nowMs }: { readonly identity: string; readonly nowMs: number },
): KubernetesObject {
  const { name, namespace = '', uid } = channel.metadata
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name}.plan-${id}`, namespace },
    eventTime: microTime(nowMs),
    reportingController: 'carillon.dev/operator',
    reportingInstance: identity.slice(0, 128),
    action: 'Plan',
    reason: 'Planned',
    type: 'Normal',
    regarding: {
      apiVersion: channel.apiVersion,
      kind: channel.kind,
      name,
      namespace,
      uid,
      resourceVersion: channel.metadata.resourceVersion,
    },
    note,
  }
}
