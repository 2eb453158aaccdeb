import { matches } from '../../../audience/audience-matcher.ts'
import type { ConnectionModel } from '../connection-model.ts'
import { copyText, find, h, nowMs, setText } from '../dom.ts'
import {
  checkDraft,
  describeAudience,
  type Draft,
  type DraftField,
  type DraftProblems,
  type EmitMessage,
  parsePayload,
  readAudience,
  renderCurl,
} from '../draft.ts'
import type { EmitOutcome } from '../emit.ts'
import { formatCount, formatLatency } from '../format.ts'
import { median } from '../connection-model.ts'
import { templates } from '../templates.ts'

export interface EmitCommands {
  /** Sends the messages. Resolves with the response to each. */
  emit(messages: readonly EmitMessage[]): Promise<readonly EmitOutcome[]>
  announce(text: string): void
}

export interface EmitView {
  /** Shows how many of these connections would get the event of the form. */
  render(connections: readonly ConnectionModel[]): void
}

const fields: readonly DraftField[] = ['audience', 'roles', 'type', 'payload', 'copies']
const makeId = (): string => crypto.randomUUID()

/** Makes the emit form. */
export function createEmitView(api: string, commands: EmitCommands): EmitView {
  const form = find('emit-form', HTMLFormElement)
  const template = find('emit-template', HTMLSelectElement)
  let connections: readonly ConnectionModel[] = []
  let hasTried = false
  let isBusy = false
  const refresh = (): void => {
    const draft = readDraft()
    const audience = readAudience(draft)
    find('audience', HTMLDivElement).hidden = draft.isBroadcast
    setText(find('audience-sentence', HTMLParagraphElement), draft.isBroadcast ? '' : describeAudience(audience))
    const reached = connections.filter(({ identity }) => identity.principal !== null && matches(audience, identity.principal)).length
    setText(
      find('emit-reach', HTMLSpanElement),
      connections.length === 0 ? '' : `${reached} of ${formatCount(connections.length, 'connection')} here`,
    )
    if (hasTried) showProblems(problemsOf(draft))
  }
  const submit = async (): Promise<void> => {
    hasTried = true
    const checked = checkDraft(readDraft(), makeId)
    showProblems(checked.ok ? {} : checked.problems)
    if (!checked.ok) return focusFirst(checked.problems)
    if (isBusy) return
    isBusy = true
    showOutcomes(await commands.emit(checked.messages))
    isBusy = false
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit() // never rejects: emitting returns failures as values
  })
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    form.requestSubmit()
  })
  form.addEventListener('input', refresh)
  template.replaceChildren(...templates.map(({ label }, index) => h('option', { value: index }, label)))
  template.addEventListener('change', () => fillIn(Number(template.value)))
  find('emit-format', HTMLButtonElement).addEventListener('click', () => formatPayload())
  find('emit-curl', HTMLButtonElement).addEventListener('click', () => void copyCurl(api, commands)) // never rejects
  fillIn(0)
  return {
    render: (now) => {
      connections = now
      refresh()
    },
  }
}

function fillIn(index: number): void {
  const { type, payload } = templates[index] ?? templates[0]
  find('emit-type', HTMLInputElement).value = type
  find('emit-payload', HTMLTextAreaElement).value = JSON.stringify(payload(nowMs()), null, 2)
}

const valueOf = (id: string): string => find(id, HTMLInputElement).value

function readDraft(): Draft {
  return {
    isBroadcast: find('reach-everybody', HTMLInputElement).checked,
    users: valueOf('audience-users'),
    usernames: valueOf('audience-usernames'),
    organizations: valueOf('audience-organizations'),
    roles: valueOf('audience-roles'),
    type: valueOf('emit-type'),
    id: valueOf('emit-id'),
    payload: find('emit-payload', HTMLTextAreaElement).value,
    copies: valueOf('emit-copies'),
  }
}

function problemsOf(draft: Draft): DraftProblems {
  const checked = checkDraft(draft, makeId)
  return checked.ok ? {} : checked.problems
}

const inputs: Readonly<Record<DraftField, string>> = {
  audience: 'audience-users',
  roles: 'audience-roles',
  type: 'emit-type',
  payload: 'emit-payload',
  copies: 'emit-copies',
}

function showProblems(problems: DraftProblems): void {
  for (const field of fields) {
    setText(find(`error-${field}`, HTMLParagraphElement), problems[field] ?? '')
    find(inputs[field], HTMLElement).setAttribute('aria-invalid', String(problems[field] !== undefined))
  }
}

function focusFirst(problems: DraftProblems): void {
  const first = fields.find((field) => problems[field] !== undefined)
  if (first !== undefined) find(inputs[first], HTMLElement).focus()
}

function formatPayload(): void {
  const field = find('emit-payload', HTMLTextAreaElement)
  const payload = parsePayload(field.value)
  if (payload.ok) field.value = JSON.stringify(payload.value, null, 2)
  showProblems(payload.ok ? {} : { payload: payload.problem })
}

async function copyCurl(api: string, { announce }: EmitCommands): Promise<void> {
  const checked = checkDraft({ ...readDraft(), copies: '1' }, makeId)
  showProblems(checked.ok ? {} : checked.problems)
  const [message] = checked.ok ? checked.messages : []
  if (message === undefined) return
  const isCopied = await copyText(renderCurl(message, location.origin, api))
  announce(isCopied ? 'The curl command is on the clipboard.' : 'The clipboard is not available to this page.')
}

function showOutcomes(outcomes: readonly EmitOutcome[]): void {
  const box = find('emit-outcome', HTMLDivElement)
  const failure = outcomes.find(({ kind }) => kind !== 'accepted')
  box.hidden = false
  box.className = `outcome ${failure === undefined ? 'good' : 'bad'}`
  box.replaceChildren(...(failure === undefined ? describeAccepted(outcomes) : describeFailure(failure, outcomes)))
}

function describeAccepted(outcomes: readonly EmitOutcome[]): readonly Node[] {
  const accepted = outcomes.filter((outcome) => outcome.kind === 'accepted')
  const [first] = accepted
  const took = formatLatency(median(accepted.map(({ tookMs }) => tookMs)))
  if (first === undefined || accepted.length > 1)
    return [h('p', {}, h('b', {}, '202'), ` ${accepted.length} events are in the topic, each after about ${took}.`)]
  return [h('p', {}, h('b', {}, '202'), ` In the topic after ${took}.`), h('p', { class: 'mono' }, `${first.source}  ${first.id}`)]
}

function describeFailure(failure: EmitOutcome, outcomes: readonly EmitOutcome[]): readonly Node[] {
  const failed = outcomes.filter(({ kind }) => kind !== 'accepted').length
  const count = outcomes.length > 1 ? [h('p', {}, `${failed} of ${outcomes.length} were not accepted. The first:`)] : []
  if (failure.kind === 'unreachable') return [...count, h('p', {}, h('b', {}, 'No answer'), ` ${failure.detail}`)]
  if (failure.kind === 'accepted') return count
  const errors = failure.errors.length === 0 ? [] : [h('ul', {}, ...failure.errors.map((error) => h('li', {}, error)))]
  const retry = failure.retryAfterS === null ? [] : [h('p', {}, `Try again after ${formatCount(failure.retryAfterS, 'second')}.`)]
  return [...count, h('p', {}, h('b', {}, String(failure.status)), ` ${failure.title}.`), h('p', {}, failure.detail), ...errors, ...retry]
}
