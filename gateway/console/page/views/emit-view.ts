import { matches } from '../../../audience/audience-matcher.ts'
import { describeAudience } from '../audience-sentence.ts'
import type { ConnectionModel } from '../connection-model.ts'
import { find, h, nowMs, setText } from '../dom.ts'
import { checkDraft, type Draft, readAudience } from '../draft.ts'
import type { DraftField, DraftProblems } from '../draft-problems.ts'
import { type EmitRequest, type Language, renderRequest } from '../emit-request.ts'
import type { EmitOutcome, SendOutcome } from '../emit.ts'
import { formatCount } from '../format.ts'
import { locateJsonError, parseJson } from '../json-error.ts'
import { checkSend, renderSend, type SendRequest } from '../send-request.ts'
import { templates } from '../templates.ts'
import { copyAndShow } from './copy-button.ts'
import { readDraftFields, writeDraftFields } from './draft-fields.ts'
import { createOutcomeView } from './outcome-view.ts'

export interface EmitCommands {
  /** Sends the events. Resolves with the response to each. */
  emit(requests: readonly EmitRequest[]): Promise<readonly EmitOutcome[]>
  /** Sends events over a connection of the page. Resolves with the answer to each. */
  send(connectionId: number, sends: readonly SendRequest[]): Promise<readonly SendOutcome[]>
  announce(text: string): void
}

export interface EmitTargetView {
  /** The URL of the channel's API, for code that runs elsewhere. */
  readonly api: string
  /** True: the gateway needs a token to emit, also from this machine. */
  readonly needsToken: boolean
}

export interface EmitView {
  /** Shows how many of these connections would get the event of the form. */
  render(connections: readonly ConnectionModel[]): void
  read(): Draft
  /** Fills the form. */
  write(draft: Draft): void
  focus(): void
}

const makeId = (): string => crypto.randomUUID()

/** Makes the emit form. */
export function createEmitView(target: EmitTargetView, commands: EmitCommands): EmitView {
  const form = find('emit-form', HTMLFormElement)
  const outcome = createOutcomeView()
  let connections: readonly ConnectionModel[] = []
  let hasTried = false
  let isBusy = false
  const refresh = (): void => {
    const draft = readDraftFields()
    showFormOf(draft)
    showReach(draft, connections)
    if (hasTried) showProblems(problemsOf(draft))
  }
  const send = async (draft: Draft): Promise<void> => {
    const checked = checkSend(draft, makeId)
    showProblems(checked.ok ? {} : checked.problems)
    if (!checked.ok) return focusFirst(checked.problems)
    outcome.showSends(null)
    outcome.showSends(await commands.send(checked.connectionId, checked.sends))
  }
  const submit = async (): Promise<void> => {
    hasTried = true
    const draft = readDraftFields()
    if (draft.form === 'send') return send(draft)
    const checked = checkDraft(draft, makeId)
    showProblems(checked.ok ? {} : checked.problems)
    if (!checked.ok) return focusFirst(checked.problems)
    if (isBusy) return
    isBusy = true
    outcome.show(await commands.emit(checked.requests))
    isBusy = false
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit() // never rejects: emitting and sending return failures as values
  })
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    form.requestSubmit()
  })
  form.addEventListener('input', refresh)
  wireTemplates()
  wireButtons(target, commands)
  fillIn(0)
  return {
    render: (now) => {
      connections = now
      showSenders(now)
      outcome.render(now)
      refresh()
    },
    read: readDraftFields,
    write: (draft) => {
      writeDraftFields(draft)
      refresh()
    },
    focus: () => find('emit-payload', HTMLTextAreaElement).focus(),
  }
}

function wireTemplates(): void {
  const template = find('emit-template', HTMLSelectElement)
  template.replaceChildren(...templates.map(({ label }, index) => h('option', { value: index }, label)))
  template.addEventListener('change', () => fillIn(Number(template.value)))
}

function fillIn(index: number): void {
  const { type, payload } = templates[index] ?? templates[0]
  find('emit-type', HTMLInputElement).value = type
  find('emit-payload', HTMLTextAreaElement).value = JSON.stringify(payload(nowMs()), null, 2)
}

const languages: readonly Language[] = ['curl', 'javascript', 'python']

function wireButtons(target: EmitTargetView, commands: EmitCommands): void {
  find('emit-format', HTMLButtonElement).addEventListener('click', () => formatPayload())
  for (const language of languages) {
    const button = find(`emit-${language}`, HTMLButtonElement)
    button.addEventListener('click', () => {
      const draft = readDraftFields()
      if (draft.form === 'send') return copySend(button, draft, commands)
      const checked = checkDraft({ ...readDraftFields(), copies: '1' }, makeId)
      showProblems(checked.ok ? {} : checked.problems)
      if (!checked.ok) return focusFirst(checked.problems)
      const [request] = checked.requests
      if (request !== undefined) void copyAndShow(button, renderRequest(language, request, target), commands.announce) // never rejects
    })
  }
}

/** Copies the code for a page. It needs no connection of this page. */
function copySend(button: HTMLButtonElement, draft: Draft, commands: EmitCommands): void {
  const checked = checkSend({ ...draft, over: '0', copies: '1' }, makeId)
  showProblems(checked.ok ? {} : checked.problems)
  if (!checked.ok) return focusFirst(checked.problems)
  const [first] = checked.sends
  if (first !== undefined) void copyAndShow(button, renderSend(first), commands.announce) // never rejects
}

/** Lists the connections that can send. The chosen one stays chosen. */
function showSenders(connections: readonly ConnectionModel[]): void {
  const list = find('send-over', HTMLSelectElement)
  const wanted = connections
    .filter(({ state }) => state.kind !== 'closed')
    .map(({ id, identity }) => ({ value: String(id), label: `${id}: ${identity.label}` }))
  const shown = [...list.options].map(({ value, label }) => ({ value, label }))
  if (JSON.stringify(shown) === JSON.stringify(wanted)) return
  const { value } = list
  list.replaceChildren(...wanted.map((one) => h('option', { value: one.value }, one.label)))
  if (wanted.some((one) => one.value === value)) list.value = value
}

const dataNames: Readonly<Record<Draft['dataKind'], string>> = { json: 'JSON', text: 'text', base64: 'Base64', none: 'none' }

/** Shows the fields of the chosen form. */
function showFormOf({ form, isBroadcast, dataKind }: Draft): void {
  const isEvent = form === 'event'
  for (const field of document.querySelectorAll<HTMLElement>('[data-form]')) field.hidden = !(field.dataset['form'] ?? '').includes(form)
  find('audience', HTMLDivElement).hidden = isBroadcast || form === 'send'
  setText(find('emit-submit', HTMLButtonElement), form === 'send' ? 'Send' : 'Emit')
  setText(find('payload-name', HTMLSpanElement), form === 'short' ? 'Payload' : 'Data')
  setText(find('payload-kind', HTMLSpanElement), isEvent ? dataNames[dataKind] : 'JSON')
  find('emit-payload', HTMLTextAreaElement).disabled = isEvent && dataKind === 'none'
  find('emit-format', HTMLButtonElement).disabled = isEvent && dataKind !== 'json'
}

function showReach(draft: Draft, connections: readonly ConnectionModel[]): void {
  if (draft.form === 'send') {
    setText(
      find('audience-sentence', HTMLParagraphElement),
      'As a page does, over its connection. The gateway names the user, and writes the event to the upstream topic.',
    )
    return setText(find('emit-reach', HTMLSpanElement), '')
  }
  const audience = readAudience(draft)
  setText(find('audience-sentence', HTMLParagraphElement), draft.isBroadcast ? '' : describeAudience(audience))
  const reached = connections.filter(({ identity }) => identity.principal !== null && matches(audience, identity.principal)).length
  setText(
    find('emit-reach', HTMLSpanElement),
    connections.length === 0 ? '' : `to ${reached} of ${formatCount(connections.length, 'connection')} here`,
  )
}

function problemsOf(draft: Draft): DraftProblems {
  const checked = draft.form === 'send' ? checkSend(draft, makeId) : checkDraft(draft, makeId)
  return checked.ok ? {} : checked.problems
}

/** The field of each problem, in the order of the page. */
const inputs: Readonly<Record<DraftField, string>> = {
  over: 'send-over',
  audience: 'audience-users',
  roles: 'audience-roles',
  type: 'emit-type',
  source: 'emit-source',
  payload: 'emit-payload',
  extensions: 'emit-extensions',
  copies: 'emit-copies',
}
// The keys of the table are its type's.
const fields = Object.keys(inputs) as readonly DraftField[]

function showProblems(problems: DraftProblems): void {
  for (const field of fields) {
    setText(find(`error-${field}`, HTMLParagraphElement), problems[field] ?? '')
    find(inputs[field], HTMLElement).setAttribute('aria-invalid', String(problems[field] !== undefined))
  }
  if (problems.copies !== undefined) find('emit-more', HTMLDetailsElement).open = true
}

/** Moves to the first field with a problem. In JSON, the cursor goes to the character that is wrong. */
function focusFirst(problems: DraftProblems): void {
  const first = fields.find((field) => problems[field] !== undefined)
  if (first === undefined) return
  const field = find(inputs[first], HTMLElement)
  field.focus()
  const place = field instanceof HTMLTextAreaElement ? locateJsonError(field.value) : null
  if (place !== null && field instanceof HTMLTextAreaElement) field.setSelectionRange(place, place + 1)
}

function formatPayload(): void {
  const field = find('emit-payload', HTMLTextAreaElement)
  const payload = parseJson(field.value)
  if (payload.ok) field.value = JSON.stringify(payload.value, null, 2)
  showProblems(payload.ok ? {} : { payload: payload.problem })
  if (!payload.ok) focusFirst({ payload: payload.problem })
}
