import { find } from '../dom.ts'
import type { Draft } from '../draft.ts'
import type { EventForm } from '../event-form.ts'

/** The fields of text of the emit form, by the name of their part of the draft. */
const texts = {
  users: 'audience-users',
  usernames: 'audience-usernames',
  organizations: 'audience-organizations',
  roles: 'audience-roles',
  type: 'emit-type',
  id: 'emit-id',
  copies: 'emit-copies',
  source: 'emit-source',
  subject: 'emit-subject',
  partitionKey: 'emit-partition-key',
  contentType: 'emit-content-type',
} as const

const forms = ['short', 'event', 'send'] as const

const input = (id: string): HTMLInputElement => find(id, HTMLInputElement)

export function readDraftFields(): Draft {
  return {
    // Each member of `texts` is a member of the draft that is a string.
    ...(Object.fromEntries(Object.entries(texts).map(([name, id]) => [name, input(id).value])) as Record<keyof typeof texts, string>),
    // One of them is checked.
    form: forms.find((form) => input(`form-${form}`).checked) ?? 'short',
    over: find('send-over', HTMLSelectElement).value,
    isBroadcast: input('reach-everybody').checked,
    payload: find('emit-payload', HTMLTextAreaElement).value,
    extensions: find('emit-extensions', HTMLTextAreaElement).value,
    // The lists have exactly these values.
    dataKind: find('emit-data-kind', HTMLSelectElement).value as EventForm['dataKind'],
    mode: find('emit-mode', HTMLSelectElement).value as EventForm['mode'],
  }
}

export function writeDraftFields(draft: Draft): void {
  for (const [name, id] of Object.entries(texts)) input(id).value = String(Object(draft)[name] ?? '')
  input(`form-${draft.form}`).checked = true
  find('send-over', HTMLSelectElement).value = draft.over
  input(draft.isBroadcast ? 'reach-everybody' : 'reach-some').checked = true
  find('emit-payload', HTMLTextAreaElement).value = draft.payload
  find('emit-extensions', HTMLTextAreaElement).value = draft.extensions
  find('emit-data-kind', HTMLSelectElement).value = draft.dataKind
  find('emit-mode', HTMLSelectElement).value = draft.mode
}
