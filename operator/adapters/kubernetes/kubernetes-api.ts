import { messageOf } from '../../../program/message-of.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import { rejectIfAborted } from '../../../program/waiting.ts'
import type { KubernetesObject, ResourceType } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi, ListPage, WatchEvent, WatchOptions } from '../../runtime/kubernetes-api.ts'
import { apiErrorOf, unavailable } from './api-error.ts'
import { createAuthorizer, type Authorizer } from './authorization.ts'
import { createCallLimit, type CallLimit } from './call-limit.ts'
import { openCall, readAnswer, type HttpAnswer, type HttpCall, type HttpServer } from './http-transport.ts'
import type { KubeConfigOptions, LoadedKubeConfig } from './kube-config.ts'
import { collectionPath, groupPath, listQuery, objectPath, watchQuery, withQuery } from './resource-paths.ts'
import { createLineCutter, isObject, parseWatchLine } from './watch-lines.ts'
import { refOf } from '../../../api/object-ref.ts'

export interface KubernetesApiParts {
  readonly loaded: LoadedKubeConfig
  /** Source of `loaded`. It is read again when the server refuses our credentials. */
  readonly kubeConfigOptions: KubeConfigOptions
  /**
   * Version of Carillon. The server sees `carillon-operator/VERSION`, and uses the first half as the manager of fields that we do not
   * apply.
   */
  readonly version: string
  /** Called once for each request: when its response is complete, or when a watch starts. */
  readonly onRequest?: (request: RequestReport) => void
  /** Time limit of a call, including its wait for a turn. Milliseconds. @default 15000 */
  readonly timeoutMs?: number
  /** Maximum number of calls at the same time, without watches. @default 32 */
  readonly maxCalls?: number
  /** Largest response, and largest watch event. Bytes. @default 64 MiB */
  readonly maxBytes?: number
  /**
   * Checked just before a call that may change something is sent, after its wait for a turn. A process that was paused in the meantime may
   * not be the leader any more. @default always
   */
  readonly mayWrite?: () => boolean
  /** @default Date.now */
  readonly now?: () => number
}

export interface RequestReport {
  readonly method: HttpCall['method']
  /** HTTP status. 0 when there was no response. */
  readonly code: number
  readonly seconds: number
}

/** The real API server, with a way to close our connections. */
export interface ClosableKubernetesApi extends KubernetesApi {
  /** Closes idle connections. Calls in progress end as usual. */
  close(): void
}

/** Calls an API server in plain JSON. client-node only provides the address and the credentials: its typed clients drop unknown fields. */
export function createKubernetesApi(parts: KubernetesApiParts): ClosableKubernetesApi {
  const connection = connect(parts)
  const call = async (sent: HttpCall): Promise<Result<KubernetesObject, ApiError>> => {
    const answer = await perform(connection, sent)
    return answer.ok ? objectOf(answer.value) : answer
  }
  return {
    servesGroup: async (group) => {
      const answer = await perform(connection, { method: 'GET', path: groupPath(group) })
      if (answer.ok) return ok(true)
      return answer.error.code === 404 ? ok(false) : answer
    },
    get: (type, ref) => call({ method: 'GET', path: objectPath(type, ref) }),
    list: async (type, options) => {
      const answer = await perform(connection, {
        method: 'GET',
        path: withQuery(collectionPath(type, options.namespace), listQuery(options)),
      })
      return answer.ok ? pageOf(answer.value, type) : answer
    },
    watch: (type, options) => watch(connection, type, options),
    create: (type, object) =>
      call({ method: 'POST', path: withQuery(collectionPath(type, object.metadata.namespace), strict), body: JSON.stringify(object) }),
    update: (type, object) =>
      call({ method: 'PUT', path: withQuery(objectPath(type, refOf(object)), strict), body: JSON.stringify(object) }),
    mergePatch: (type, ref, patch) =>
      call({ ...patchOf('application/merge-patch+json', patch), path: withQuery(objectPath(type, ref), strict) }),
    apply: (type, object, { fieldManager, force, subresource, isDryRun = false }) => {
      const query = { fieldManager, force: String(force), ...strict, dryRun: isDryRun ? 'All' : undefined }
      // Apply bodies are YAML, and JSON is YAML.
      return call({
        ...patchOf('application/apply-patch+yaml', object),
        path: withQuery(objectPath(type, refOf(object), subresource), query),
      })
    },
    delete: async (type, ref, options) => {
      const { uid, propagation, isDryRun = false } = options
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: uid === undefined ? undefined : { uid },
        propagationPolicy: propagation,
        dryRun: isDryRun ? ['All'] : undefined,
      }
      const answer = await perform(connection, { method: 'DELETE', path: objectPath(type, ref), body: JSON.stringify(body) })
      return answer.ok ? ok(undefined) : answer
    },
    close: () => connection.authorizer.close(),
  }
}

/** Asks for strict validation: a field that the server would drop becomes an error. Dropped fields open NetworkPolicies. */
const strict = { fieldValidation: 'Strict' } as const

function patchOf(contentType: string, patch: object): Pick<HttpCall, 'method' | 'contentType' | 'body'> & { readonly method: 'PATCH' } {
  return { method: 'PATCH', contentType, body: JSON.stringify(patch) }
}

interface Connection {
  readonly server: HttpServer
  readonly authorizer: Authorizer
  readonly limit: CallLimit
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly mayWrite: () => boolean
  readonly report: (method: HttpCall['method'], code: number, startedAtMs: number) => void
  readonly now: () => number
}

function connect(parts: KubernetesApiParts): Connection {
  const {
    loaded,
    kubeConfigOptions,
    version,
    timeoutMs = 15_000,
    maxCalls = 32,
    maxBytes = 64 * 1024 * 1024,
    mayWrite = () => true,
    now = Date.now,
  } = parts
  return {
    server: { url: new URL(loaded.server), userAgent: `carillon-operator/${version}` },
    authorizer: createAuthorizer(loaded, kubeConfigOptions, now),
    limit: createCallLimit(maxCalls),
    timeoutMs,
    maxBytes,
    mayWrite,
    report: (method, code, startedAtMs) => parts.onRequest?.({ method, code, seconds: (now() - startedAtMs) / 1_000 }),
    now,
  }
}

async function perform(connection: Connection, call: HttpCall): Promise<Result<HttpAnswer, ApiError>> {
  const { limit, timeoutMs, report, authorizer, now } = connection
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    await limit.enter(signal)
  } catch {
    return failed(unavailable(`not sent within ${timeoutMs} ms: too many calls in progress`)) // only the deadline ends the wait
  }
  const startedAtMs = now()
  try {
    // The plugin that provides our credentials takes no signal. Its work is left behind when the time is up.
    const authorization = await rejectIfAborted(authorizer.authorize(), signal)
    if (call.method !== 'GET' && !connection.mayWrite())
      return failed(unavailable('nothing was sent: this process is not the leader any more'))
    const message = await openCall(connection.server, call, authorization, signal)
    const answer = await readAnswer(message, connection.maxBytes)
    report(call.method, message.statusCode ?? 0, startedAtMs)
    if (!answer.ok) return failed(unavailable(`the API server sent ${answer.error}`, message.statusCode))
    return answered(answer.value, authorizer)
  } catch (error) {
    report(call.method, 0, startedAtMs)
    return failed(unavailable(signal.aborted ? `no response within ${timeoutMs} ms` : describe(error)))
  } finally {
    limit.leave()
  }
}

function answered(answer: HttpAnswer, authorizer: Authorizer): Result<HttpAnswer, ApiError> {
  if (answer.code === 401) authorizer.forget()
  return answer.code >= 200 && answer.code < 300 ? ok(answer) : failed(apiErrorOf(answer))
}

async function* watch(connection: Connection, type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent, void> {
  const { signal } = options
  const { timeoutMs, now, report, authorizer, maxBytes } = connection
  const startedAtMs = now()
  // The deadline is for the head of the response. The owner of the watch limits its silence.
  const late = new AbortController()
  const deadline = setTimeout(() => late.abort(), timeoutMs)
  const call: HttpCall = { method: 'GET', path: withQuery(collectionPath(type, options.namespace), watchQuery(options)) }
  let hasAnswer = false
  try {
    const either = AbortSignal.any([signal, late.signal])
    const message = await openCall(connection.server, call, await rejectIfAborted(authorizer.authorize(), either), either)
    clearTimeout(deadline)
    hasAnswer = true
    report('GET', message.statusCode ?? 0, startedAtMs)
    if (message.statusCode !== 200) {
      const refused = await readAnswer(message, maxBytes)
      const answer = refused.ok ? answered(refused.value, authorizer) : refused
      if (!answer.ok) yield errorEvent(typeof answer.error === 'string' ? unavailable(answer.error) : answer.error)
      return
    }
    yield* events(message as AsyncIterable<Buffer>, maxBytes) // the stream has no encoding, so it yields buffers
  } catch (error) {
    if (!hasAnswer) report('GET', 0, startedAtMs)
    if (signal.aborted) return
    yield errorEvent(unavailable(late.signal.aborted ? `no response within ${timeoutMs} ms` : describe(error)))
  } finally {
    clearTimeout(deadline)
  }
}

async function* events(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<WatchEvent, void> {
  const cut = createLineCutter(maxBytes)
  for await (const chunk of chunks) {
    const lines = cut(chunk)
    if (!lines.ok) return yield errorEvent(unavailable(`the API server sent ${lines.error}`))
    for (const line of lines.value) {
      const event = parseWatchLine(line)
      yield event ?? errorEvent(unavailable('the API server sent a line that is not a watch event'))
      if (event === null || event.type === 'ERROR') return
    }
  }
}

function errorEvent(error: ApiError): WatchEvent {
  return { type: 'ERROR', error }
}

function objectOf(answer: HttpAnswer): Result<KubernetesObject, ApiError> {
  const value = parse(answer.body)
  return isObject(value) ? ok(value) : failed(unavailable('the response is not an object of the Kubernetes API', answer.code))
}

/** Adds the kind to the items of a list, which do not have one. */
function pageOf(answer: HttpAnswer, type: ResourceType): Result<ListPage, ApiError> {
  const list = parse(answer.body)
  const items = isObject(list) ? list['items'] : undefined
  if (!isObject(list) || !(Array.isArray(items) || items === null))
    return failed(unavailable('the response is not a list of the Kubernetes API', answer.code))
  const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`
  const { resourceVersion = '', continue: token } = list.metadata as { readonly resourceVersion?: string; readonly continue?: string } // ListMeta
  const objects = (items ?? []).filter(isObject).map((item) => ({ ...item, apiVersion, kind: type.kind }))
  return ok({ items: objects, resourceVersion, continueToken: token === undefined || token === '' ? null : token })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // a proxy in between responded in its own format
  }
}

/** Describes an error. A connection error of several addresses has its messages in `errors`, and no message of its own. */
function describe(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(describe).join('; ')
  return messageOf(error)
}
