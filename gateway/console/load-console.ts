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
  /** The options of these names. @default '' */
  readonly socketPathPrefix?: string
  readonly apiPathPrefix?: string
  /** Adds signing in as any user, which needs `POST /dev/token` of development mode. */
  readonly isDevelopment: boolean
  /** The option `REPLAY_WINDOW_MS`, in milliseconds. @default 300_000 */
  readonly replayWindowMs?: number
  /** The cookie that the page signs in with, in development mode. @default 'cs_jwt' */
  readonly cookieName?: string
}

/**
 * Returns the console's files by their path on the public port: the page at `/console`, and the files that it loads below it. Its TypeScript,
 * with modules of the client and of the core, is served as modules with the types stripped. There is no bundle, and lines match the source.
 *
 * @throws Error if a file of the console is missing or not TypeScript, because the installation is broken
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

/** The folders that the page may load from, and their path on the public port. The rest of the repository is not served. */
const folders: readonly (readonly [string, string])[] = [
  ['gateway/console/page/', '/console/'],
  ['gateway/audience/', '/console/audience/'],
  ['client/', '/console/client/'],
]

/** The library of the virtual list, which is served as it is published. */
const library = { name: '@tanstack/virtual-core', entry: import.meta.resolve('@tanstack/virtual-core'), path: '/console/virtual-core/' }

function publicPath(file: URL): string {
  const libraryFolder = new URL('./', library.entry).href
  if (file.href.startsWith(libraryFolder)) return `${library.path}${file.href.slice(libraryFolder.length)}`
  const path = file.href.slice(root.href.length)
  const folder = folders.find(([from]) => path.startsWith(from))
  if (!file.href.startsWith(root.href) || folder === undefined)
    throw new Error(`The console must not load ${fileURLToPath(file)}: the file is outside of its folders.`)
  return `${folder[1]}${path.slice(folder[0].length).replace(/\.ts$/, '.js')}`
}

/** Returns all modules that the entry needs, by public path. */
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

/** Strips the types of TypeScript, and replaces the remaining specifiers by public paths. */
function toBrowserModule(source: string, file: URL): { readonly code: string; readonly imports: readonly URL[] } {
  const imports: URL[] = []
  const code = (file.href.endsWith('.ts') ? stripTypes(source) : forBrowser(source)).replaceAll(
    /^((?:import|export|\}) ?.*?from )['"](\.[^'"]+|@tanstack\/virtual-core)['"]/gm,
    (_all, before: string, specifier: string) => {
      const imported = new URL(specifier === library.name ? library.entry : specifier, file)
      imports.push(imported)
      return `${before}'${publicPath(imported)}'`
    },
  )
  return { code, imports }
}

/** Replaces what only a bundler knows, in a module of the library. */
const forBrowser = (source: string): string =>
  source.replaceAll('process.env.NODE_ENV', '"production"').replace(/^\/\/# sourceMappingURL=.*$/m, '')

/** Strips types without Node's warning that the function is experimental, which the user of a gateway can do nothing about. */
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
  { channel, socketPathPrefix = '', apiPathPrefix = '', isDevelopment, replayWindowMs = 300_000, cookieName = 'cs_jwt' }: ConsoleSettings,
): string {
  const { socket, api } = channelPaths({ channel, socketPathPrefix, apiPathPrefix })
  const values: Readonly<Record<string, string>> = {
    channel,
    socket,
    api,
    mode: isDevelopment ? 'development' : 'production',
    cookie: cookieName,
    window: formatWindow(replayWindowMs),
  }
  return page.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => escapeHtml(values[name] ?? ''))
}

/** Returns a time in the largest unit that divides it. */
function formatWindow(windowMs: number): string {
  if (windowMs % 3_600_000 === 0) return `${windowMs / 3_600_000} h`
  return windowMs % 60_000 === 0 ? `${windowMs / 60_000} min` : `${windowMs / 1_000} s`
}

const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Allows scripts, styles and connections of this origin only. `'self'` includes WebSockets of this host (CSP 3, "Does url match expression"). */
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
    // The next start may have another version or another channel.
    'cache-control': 'no-store',
  },
})
