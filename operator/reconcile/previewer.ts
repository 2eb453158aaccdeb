import type { Logger } from '../../gateway/observability/logger.ts'
import type { KubernetesApi, KubernetesObject, ResourceType } from '../runtime/kubernetes-api.ts'
import { microTime } from '../runtime/lease.ts'
import { previewPlan, type PreviewParts } from './preview.ts'
import type { Settings } from './settings.ts'
import type { World } from './world.ts'

export interface PreviewerParts extends PreviewParts {
  readonly api: Pick<KubernetesApi, 'create'>
  readonly settings: Settings
  readonly logger: Logger
  /** Of the operator that answers. */
  readonly identity: string
  readonly nowMs: () => number
}

const eventType: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', isNamespaced: true }

/**
 * Answers the annotation carillon.dev/plan with an Event. The Event's name follows from the question, so that a question is answered once, by
 * whichever operator, however often the channel is looked at. It does not wait for the answer to be written, and a failure costs nothing but it.
 */
export function createPreviewer({ api, settings, logger, identity, nowMs, ...parts }: PreviewerParts): (world: World) => void {
  /** By channel, the question that was answered last. */
  const answered = new Map<string, string>()
  return (world) => {
    const { metadata } = world.channel
    const preview = previewPlan(world, settings, parts)
    const key = metadata.uid ?? ''
    if (preview === null) return void answered.delete(key)
    if (answered.get(key) === preview.id) return
    answered.set(key, preview.id)
    void tell(eventOf(world, preview, { identity, nowMs: nowMs() })) // never rejects: the API's failures are values
  }

  async function tell(event: KubernetesObject): Promise<void> {
    const made = await api.create(eventType, event)
    if (made.ok || made.error.kind === 'already-exists') return
    logger.warn({ namespace: event.metadata.namespace, event: event.metadata.name, reason: made.error.message }, 'a plan that was asked for could not be told')
  }
}

function eventOf({ channel }: World, { id, note }: { readonly id: string; readonly note: string }, { identity, nowMs }: { readonly identity: string; readonly nowMs: number }): KubernetesObject {
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
    regarding: { apiVersion: channel.apiVersion, kind: channel.kind, name, namespace, uid, resourceVersion: channel.metadata.resourceVersion },
    note,
  }
}
