import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { microTime } from './lease.ts'

export const eventType: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', isNamespaced: true }

/** Something that people who look at an object should read. */
export interface RecordedEvent {
  readonly type: 'Normal' | 'Warning'
  /** For machines: CamelCase, of a closed set. */
  readonly reason: string
  /** What was done or tried: CamelCase. */
  readonly action: string
  /** For people; cut when it is longer than the API takes. */
  readonly note: string
}

/** An Event of the reconcile, before the recorder adds the action. */
export type Transition = Pick<RecordedEvent, 'type' | 'reason' | 'note'>

/** What an event is about. */
export type Regarding = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>

export interface EventSource {
  readonly controller: string
  readonly instance: string
}

/** @param suffix makes the name unique */
export function renderEvent(
  regarding: Regarding,
  event: RecordedEvent,
  { source, suffix, wallMs }: { readonly source: EventSource; readonly suffix: string; readonly wallMs: number },
): KubernetesObject {
  const { name, namespace, uid, resourceVersion } = regarding.metadata
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, maxNameLength - suffix.length - 1)}.${suffix}`, namespace: namespaceOf(regarding) },
    eventTime: microTime(wallMs),
    reportingController: source.controller,
    reportingInstance: source.instance.slice(0, maxWordLength),
    regarding: {
      apiVersion: regarding.apiVersion,
      kind: regarding.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    type: event.type,
    reason: event.reason.slice(0, maxWordLength),
    action: event.action.slice(0, maxWordLength),
    note: cutNote(event.note),
  }
}

/** Events of objects without a namespace are in this one. */
export function namespaceOf({ metadata }: Regarding): string {
  return metadata.namespace ?? 'default'
}

/** @param count times that it happened, at least 2 */
export function renderSeries(count: number, lastWallMs: number): Readonly<Record<string, unknown>> {
  return { series: { count, lastObservedTime: microTime(lastWallMs) } }
}

/** Returns the note in at most so many bytes of UTF-8, without half a character at the end. */
export function cutNote(note: string, maxBytes = maxNoteBytes): string {
  if (Buffer.byteLength(note) <= maxBytes) return note
  const bytes = Buffer.from(note).subarray(0, maxBytes - ellipsis.length)
  // What a cut left of a character becomes U+FFFD.
  return `${bytes.toString('utf8').replace(/\uFFFD+$/, '')}${ellipsis}`
}

const ellipsis = '...'

/** Maximum size of a note: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export const maxNoteBytes = 1_024
const maxWordLength = 128
const maxNameLength = 253
