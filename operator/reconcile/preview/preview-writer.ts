import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { eventType, renderEvent } from '../../runtime/event-object.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { Result } from '../../../program/result.ts'
import type { Settings } from '../settings.ts'
import type { World } from '../world.ts'
import { previewPlan, type PreviewParts, type ReadTopics } from './plan-preview.ts'
import { answerSuffix, questionOf, type Question } from './question.ts'

export interface PreviewWriterParts extends PreviewParts {
  readonly api: Pick<KubernetesApi, 'create'>
  readonly settings: Settings
  readonly logger: Logger
  /** Identity of the operator that answers. */
  readonly identity: string
  readonly nowMs: () => number
  /** Maximum number of channels whose questions are remembered; the channel that asked longest ago is forgotten first. @default 4096 */
  readonly maxChannels?: number
}

/**
 * Returns a function that answers the annotation carillon.dev/plan with an Event. The Event's name follows from the question, so a question is answered once:
 * by any operator, and however often the channel is reconciled. The function does not wait for the answer, and a failure costs only the answer.
 */
export function createPreviewWriter(writer: PreviewWriterParts): (world: World, readTopics: ReadTopics) => void {
  const { logger, maxChannels = 4_096 } = writer
  /** Last answered question by channel. A forgotten question is answered again, which the API server then refuses. */
  const answered = new Map<string, string>()

  function remember(key: string, id: string): void {
    answered.delete(key)
    answered.set(key, id)
    const [oldest] = answered.keys()
    if (answered.size > maxChannels && oldest !== undefined) answered.delete(oldest)
  }

  async function answer(world: World, question: Question, readTopics: ReadTopics): Promise<void> {
    const { metadata } = world.channel
    const written = await writePreview(world, question, { ...writer, readTopics })
    if (written.ok || written.error.kind === 'already-exists') return
    logger.warn({ namespace: metadata.namespace, channel: metadata.name, reason: written.error.message }, 'preview event not written')
  }

  return (world, readTopics) => {
    const question = questionOf(world.channel)
    const key = world.channel.metadata.uid ?? ''
    if (question === null) return void answered.delete(key)
    if (answered.get(key) === question.id) return
    remember(key, question.id)
    void answer(world, question, readTopics) // never rejects: the API's failures are values
  }
}

async function writePreview(
  world: World,
  question: Question,
  { api, settings, identity, nowMs, ...parts }: PreviewWriterParts & { readonly readTopics: ReadTopics },
): Promise<Result<unknown, ApiError>> {
  const note = await previewPlan(world, question, settings, parts)
  if (!note.ok) return note
  const { apiVersion, kind, metadata } = world.channel
  const event = renderEvent(
    { apiVersion, kind, metadata },
    { type: 'Normal', reason: 'Planned', action: 'Plan', note: note.value },
    { source: { controller: 'carillon.dev/operator', instance: identity }, suffix: answerSuffix(question), wallMs: nowMs() },
  )
  return api.create(eventType, event)
}
