import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { channelPaths } from '../config/channel-paths.ts'

export interface ConsoleAsset {
  readonly contentType: string
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface ConsoleSettings {
  readonly channel: string
  /** As the options of these names. @default '' */
  readonly socketPathPrefix?: string
  readonly apiPathPrefix?: string
  /** Adds signing in as anybody, which only development mode's `POST /dev/token` makes possible. */
  readonly isDevelopment: boolean
  /** The cookie that the page signs in with, in development mode. @default 'cs_jwt' */
  readonly cookieName?: string
}

/**
 * The console's files by their path on the public port: the page at `/console`, what it loads below it. The page's TypeScript, and what it
 * uses of the client and of the core, are served as modules with their types stripped: nothing is bundled, and the lines are the source's.
 *
 * @throws Error when a file of the console is missing or is no TypeScript: an installation that is broken
 */
export async function loadConsole(settings: ConsoleSettings): Promise<ReadonlyMap<string, ConsoleAsset>> {
  const [page, style, modules] = await Promise.all([
    readFile(pageFile('index.html'), 'utf8'),
    readFile(pageFile('style.css')),
    loadModules(pageFile('app.ts')),
  ])
  return new Map([
    ['/console', asset('text/html; charset=utf-8', Buffer.from(fillIn(page, settings)))],
    ['/console/style.css', asset('text/css; charset=utf-8', style)],
    ...[...modules].map(([path, code]) => [path, asset('text/javascript; charset=utf-8', Buffer.from(code))] as const),
  ])
}

const root = new URL('../../', import.meta.url)
const pageFile = (name: string): URL => new URL(`gateway/console/page/${name}`, root)

/** Where the folders that a page may load from are on the public port. Nothing else of the repository can be asked for. */
const folders: readonly (readonly [string, string])[] = [
  ['gateway/console/page/', '/console/'],
  ['gateway/audience/', '/console/audience/'],
  ['client/', '/console/client/'],
]

function publicPath(file: URL): string {
  const path = file.href.slice(root.href.length)
  const folder = folders.find(([from]) => path.startsWith(from))
  if (!file.href.startsWith(root.href) || folder === undefined)
    throw new Error(`The console must not load ${fileURLToPath(file)}: it is in none of its folders.`)
  return `${folder[1]}${path.slice(folder[0].length).replace(/\.ts$/, '.js')}`
}

/** All modules that the entry needs, by public path. */
async function loadModules(entry: URL): Promise<ReadonlyMap<string, string>> {
  const modules = new Map<string, string>()
  const visit = async (file: URL): Promise<void> => {
    const path = publicPath(file)
    if (modules.has(path)) return
    modules.set(path, '')
    const { code, imports } = toBrowserModule(await readFile(file, 'utf8'), file)
    modules.set(path, code)
    await Promise.all(imports.map(visit))
  }
  await visit(entry)
  return modules
}

/** Strips the types, and makes the specifiers that are left name what is served. */
function toBrowserModule(source: string, file: URL): { readonly code: string; readonly imports: readonly URL[] } {
  const imports: URL[] = []
  const code = stripTypes(source).replaceAll(
    /^((?:import|export|\}) ?.*?from )'(\.[^']+\.ts)'/gm,
    (_all, before: string, specifier: string) => {
      const imported = new URL(specifier, file)
      imports.push(imported)
      return `${before}'${publicPath(imported)}'`
    },
  )
  return { code, imports }
}

/** Node warns once that this function is experimental. Whoever starts a gateway has not called it and can do nothing about it. */
function stripTypes(source: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}

function fillIn(
  page: string,
  { channel, socketPathPrefix = '', apiPathPrefix = '', isDevelopment, cookieName = 'cs_jwt' }: ConsoleSettings,
): string {
  const { socket, api } = channelPaths({ channel, socketPathPrefix, apiPathPrefix })
  const values: Readonly<Record<string, string>> = {
    channel,
    socket,
    api,
    mode: isDevelopment ? 'development' : 'production',
    cookie: cookieName,
  }
  return page.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => escapeHtml(values[name] ?? ''))
}

const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Scripts, styles and connections of this origin alone; `'self'` is also the WebSockets of this host (CSP 3, "Does url match expression"). */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const asset = (contentType: string, body: Buffer): ConsoleAsset => ({
  contentType,
  body,
  headers: {
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // The next start may be another version, and knows another channel.
    'cache-control': 'no-store',
  },
})
