/** Builds the parts of the console's page and connects them. Decisions are pure functions in the modules beside it. */
import type { ConnectionModel } from './connection-model.ts'
import { find, nowMs, oncePerFrame } from './dom.ts'
import type { Draft } from './draft.ts'
import { draftOfEvent } from './draft-of-event.ts'
import type { EmitRequest } from './emit-request.ts'
import { emitEvent, type EmitOutcome } from './emit.ts'
import { explainGap } from './format.ts'
import { cookieIdentity, type Identity, samplePeople } from './identities.ts'
import { readFilters } from './read-filters.ts'
import { earliest, Store } from './store.ts'
import { readStored, renderStored, type Stored } from './stored.ts'
import { obtainToken, signBrowserIn } from './tokens.ts'
import { createAnnouncer } from './views/announcer.ts'
import { showBanner } from './views/banners.ts'
import { createConnectionsView } from './views/connections-view.ts'
import { askForIdentity, wireDialogs } from './views/dialogs.ts'
import { createEmitView, type EmitCommands, type EmitView } from './views/emit-view.ts'
import { createEventsView } from './views/events-view.ts'
import { IdentityLists } from './views/identity-lists.ts'
import { createKeyboard } from './views/keyboard.ts'
import { createSnippets } from './views/snippets.ts'

interface Page {
  readonly channel: string
  readonly paths: { readonly socket: string; readonly api: string }
  readonly isDevelopment: boolean
  readonly cookieName: string
  readonly store: Store
  readonly lists: IdentityLists
  readonly announce: (text: string) => void
}

function readSettings(): Pick<Page, 'channel' | 'paths' | 'isDevelopment' | 'cookieName'> {
  const { channel = '', socket = '', api = '', mode = '', cookie = '' } = document.documentElement.dataset
  find('mode', HTMLSpanElement).textContent = mode
  return { channel, paths: { socket, api }, isDevelopment: mode === 'development', cookieName: cookie }
}

function createStore(
  { channel, paths }: Pick<Page, 'channel' | 'paths'>,
  callbacks: { readonly changed: () => void; readonly announce: (text: string) => void },
): Store {
  return new Store({
    ...callbacks,
    channel,
    paths,
    token: obtainToken,
    gap: ({ id, identity }, reason) =>
      showBanner(
        'gap',
        `Gap on connection ${id} (${identity.label}).`,
        `${explainGap(reason)} Events may be lost. An application would fetch its current state now. Delivery continues.`,
      ),
    failed: (error) => showBanner('bad', 'Error in this page.', String(error)),
  })
}

interface Views {
  /** Shows the store's state at the next frame. */
  readonly show: () => void
  readonly emitter: EmitView
}

function createViews({ paths, store, lists, announce, isDevelopment }: Page): Views {
  const commands = {
    cut: (id: number) => store.cut(id),
    stop: (id: number) => store.stop(id),
    start: (id: number, cursor: string) => store.start(id, cursor),
    remove: (id: number) => {
      store.remove(id)
      find('connect-identity', HTMLSelectElement).focus()
    },
  }
  const emit = async (requests: readonly EmitRequest[]): Promise<readonly EmitOutcome[]> => {
    const identity = isDevelopment ? null : await lists.chosen('emit-identity')
    return Promise.all(
      requests.map((request) => {
        store.emitting(request.id)
        return emitEvent(request, { api: paths.api, token: identity?.token ?? null })
      }),
    )
  }
  const send: EmitCommands['send'] = (connectionId, sends) => Promise.all(sends.map((request) => store.send(connectionId, request)))
  const connections = createConnectionsView(commands)
  const emitter = createEmitView({ api: `${location.origin}${paths.api}`, needsToken: !isDevelopment }, { emit, send, announce })
  const events = createEventsView({
    togglePause: () => store.changeLog({ kind: store.log.isPaused ? 'go-on' : 'pause' }),
    clear: () => store.changeLog({ kind: 'clear' }),
    replay: () => store.replayAll(),
    filtered: () => show(),
    emitAgain: (event) => {
      emitter.write(draftOfEvent(event, emitter.read()))
      emitter.focus()
    },
    announce,
  })
  const show = oncePerFrame(() => {
    store.settle()
    connections.render(store.connections, nowMs())
    emitter.render(store.connections)
    events.render(store.log, store.connections)
  })
  const help = find('help-dialog', HTMLDialogElement)
  find('help-open', HTMLButtonElement).addEventListener('click', () => help.showModal())
  createKeyboard(
    {
      filter: () => find('filter-text', HTMLInputElement).focus(),
      next: () => events.step(1),
      previous: () => events.step(-1),
      emit: () => emitter.focus(),
      help: () => help.showModal(),
    },
    localStorage,
  )
  return { show, emitter }
}

async function signIn({ cookieName, lists, announce }: Page, identity: Identity): Promise<void> {
  try {
    await signBrowserIn(identity, cookieName)
    lists.choose('browser-identity', identity)
    announce(`This browser is signed in as ${identity.label}.`)
  } catch (error) {
    showBanner('bad', 'This browser is not signed in.', error instanceof Error ? error.message : String(error))
  }
}

function wireConnecting({ store, lists }: Page): void {
  const transport = find('connect-transport', HTMLSelectElement)
  const from = find('connect-from', HTMLSelectElement)
  const filters = find('connect-filters', HTMLInputElement)
  const connectAsChosen = async (): Promise<void> => {
    const read = readFilters(filters.value)
    find('error-connect-filters', HTMLParagraphElement).textContent = read.ok ? '' : read.problem
    filters.setAttribute('aria-invalid', String(!read.ok))
    if (!read.ok) return filters.focus()
    const identity = await lists.chosen('connect-identity')
    if (identity === null) return
    store.add({
      identity,
      // The list has exactly these three values.
      transport: transport.value as ConnectionModel['transport'],
      cursor: from.value === '' ? null : from.value,
      filters: read.filters,
    })
  }
  find('connect-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    void connectAsChosen() // never rejects
  })
}

function wireLists(page: Page): void {
  const react = (name: string, then: (identity: Identity) => Promise<void>): void => {
    const chosen = async (): Promise<void> => {
      const identity = await page.lists.chosen(name)
      if (identity !== null) await then(identity)
    }
    find(name, HTMLSelectElement).addEventListener('change', () => void chosen()) // never rejects: signing in shows its failures
  }
  react('connect-identity', async (identity) => {
    // A pasted token is there to be used: the cookie would not let its owner emit.
    if (identity.token !== null) page.lists.choose('emit-identity', identity)
  })
  react('emit-identity', async () => {})
  react('browser-identity', (identity) => signIn(page, identity))
}

/**
 * Restores all connections after a reload, each with its cursor, so that it misses no event. Pasted tokens are not kept. The first connection of a
 * new page begins with the events that the gateway still holds.
 */
async function restore(page: Page, stored: Stored | null): Promise<void> {
  const { store, lists, isDevelopment } = page
  if (isDevelopment && stored !== null) lists.add(...stored.identities)
  const [first] = lists.identities
  if (!isDevelopment || first === undefined) return
  await signIn(page, stored?.browserIdentity ?? first)
  for (const connection of stored?.connections ?? [{ identity: first, transport: 'auto' as const, cursor: earliest, filters: null }])
    store.add(connection)
}

async function main(): Promise<void> {
  const settings = readSettings()
  const { isDevelopment, paths } = settings
  const announce = createAnnouncer()
  // The store is made first, and reports nothing before a view exists.
  let show = (): void => {}
  const store = createStore(settings, { announce, changed: () => show() })
  const lists = new IdentityLists({
    identities: isDevelopment ? samplePeople : [cookieIdentity],
    otherLabel: isDevelopment ? 'Another user…' : 'Paste a token…',
    ask: () => askForIdentity(isDevelopment),
  })
  const page: Page = { ...settings, store, lists, announce }
  find('signed-in', HTMLDivElement).hidden = !isDevelopment
  find('emit-identity-field', HTMLDivElement).hidden = isDevelopment
  const views = createViews(page)
  show = views.show
  openParts()
  wireDialogs()
  createSnippets(paths, announce)
  wireConnecting(page)
  wireLists(page)
  show()
  const storageKey = `carillon-console:${paths.api}`
  const stored = readStored(sessionStorage.getItem(storageKey))
  if (stored !== null) views.emitter.write(stored.draft)
  addEventListener('pagehide', () => sessionStorage.setItem(storageKey, renderStored(stateToKeep(page, views.emitter.read()))))
  // Updates the countdowns of connections that wait.
  setInterval(() => store.connections.some(({ state }) => state.kind === 'waiting') && show(), 250)
  await restore(page, stored)
}

const stateToKeep = ({ lists, store }: Page, draft: Draft): Stored => ({
  identities: lists.identities,
  connections: store.connections,
  browserIdentity: chosenForBrowser(lists),
  draft,
})

/** Folds on a small screen what is used least. */
function openParts(): void {
  const isLarge = matchMedia('(min-width: 66rem)').matches
  find('connections-panel', HTMLDetailsElement).open = isLarge
  find('emit-more', HTMLDetailsElement).open = isLarge
}

function chosenForBrowser({ identities }: IdentityLists): Identity | null {
  return identities.find(({ id }) => id === find('browser-identity', HTMLSelectElement).value) ?? null
}

await main()
