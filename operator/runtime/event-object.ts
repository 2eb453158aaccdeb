import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { microTime } from './lease.ts'

export const eventType: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', isNamespaced: true }

/** A message for people who look at an object. */
export interface RecordedEvent {
  readonly type: 'Normal' | 'Warning'
  /** Machine-readable reason: CamelCase, one of a closed set. */
  readonly reason: string
  /** Action that was taken or tried: CamelCase. */
  readonly action: string
  /** Human-readable note. Cut when it is longer than the API accepts. */
  readonly note: string
}

/** An Event of the reconcile, before the recorder adds the action. */
export type Transition = Pick<RecordedEvent, 'type' | 'reason' | 'note'>

/** The object that an Event is about. */
export type Regarding = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>

export interface EventSource {
  readonly controller: string
  readonly instance: string
}

/** Builds the Event object. @param suffix makes the name unique */
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

/** Returns the namespace of the Event. Events about objects without a namespace are written to `default`. */
export function namespaceOf({ metadata }: Regarding): string {
  return metadata.namespace ?? 'default'
}

/** Builds the patch that counts repetitions. @param count number of occurrences, at least 2 */
export function renderSeries(count: number, lastWallMs: number): Readonly<Record<string, unknown>> {
  return { series: { count, lastObservedTime: microTime(lastWallMs) } }
}

/** Cuts a note to at most that many bytes of UTF-8, without half a character at the end. */
export function cutNote(note: string, maxBytes = maxNoteBytes): string {
  if (Buffer.byteLength(note) <= maxBytes) return note
  const bytes = Buffer.from(note).subarray(0, maxBytes - ellipsis.length)
  // The rest of a character that was cut decodes to U+FFFD.
  return `${bytes.toString('utf8').replace(/\uFFFD+$/, '')}${ellipsis}`
}

const ellipsis = '...'

/** Maximum size of a note: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export const maxNoteBytes = 1_024
const maxWordLength = 128
const maxNameLength = 253
