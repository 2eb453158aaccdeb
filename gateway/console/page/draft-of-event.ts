import type { CloudEvent } from '../../../client/index.ts'
import type { Draft } from './draft.ts'
import type { EventForm } from './event-form.ts'

/** Attributes that have a field of their own in the form, or that the next event must not share. */
const ownFields: ReadonlySet<string> = new Set(
  'specversion id type source subject time datacontenttype partitionkey data data_base64 cursor traceparent tracestate audience'.split(' '),
)

/** Returns the form of an event that arrived, to send one like it: all but its id, its time and its audience, which did not arrive. */
export function draftOfEvent(event: CloudEvent, draft: Draft): Draft {
  const { data } = event
  const bytes: unknown = event['data_base64']
  const extensions = Object.fromEntries(Object.entries(event).filter(([name]) => !ownFields.has(name)))
  return {
    ...draft,
    form: 'event',
    id: '',
    type: event.type,
    source: event.source,
    subject: event.subject ?? '',
    partitionKey: textOf(event['partitionkey']),
    contentType: textOf(event['datacontenttype']),
    extensions: Object.keys(extensions).length === 0 ? '' : JSON.stringify(extensions),
    dataKind: kindOf(event),
    mode: 'structured',
    payload: typeof bytes === 'string' ? bytes : isText(event) ? textOf(data) : (JSON.stringify(data, null, 2) ?? ''),
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** True: the data are a string that is not JSON, as the content type says. */
const isText = ({ data, datacontenttype }: CloudEvent): boolean =>
  typeof data === 'string' && typeof datacontenttype === 'string' && !/[/+]json\b/i.test(datacontenttype)

function kindOf(event: CloudEvent): EventForm['dataKind'] {
  if (typeof event['data_base64'] === 'string') return 'base64'
  if (isText(event)) return 'text'
  return event.data === undefined ? 'none' : 'json'
}
