import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { channelPaths, type ChannelPathOptions } from '../../config/channel-paths.ts'
import type { Options } from '../../config/options.ts'
import { fixedProblem, type Problem } from '../../request/problem.ts'
import { replyOptions } from './browser-rules.ts'
import { replyProblem } from './replies.ts'

/**
 * Answers requests that no route took: a question about a path (OPTIONS), a wrong method, another channel, an unknown path. Call it before
 * routes are added.
 */
export function answerUnrouted(app: FastifyInstance, options: ChannelPathOptions & Pick<Options, 'corsRequestHeaders'>): void {
  const moreHeaders = new Set(options.corsRequestHeaders.map((name) => name.toLowerCase()))
  const methodsOf = new Map<string, readonly string[]>()
  const checkPath = pathChecker(options)
  app.addHook('onRoute', ({ url, method }) => {
    methodsOf.set(url, [...(methodsOf.get(url) ?? []), method].flat())
  })
  let withParameters: readonly PathPattern[] | null = null
  /** The paths with parameters. They are asked for after all routes were added. */
  const patterns = (): readonly PathPattern[] => (withParameters ??= patternsOf(methodsOf))
  const wrongMethods = new Map<string, Problem>()
  const wrongMethod = (path: string, allowed: string): Problem => {
    const problem = wrongMethods.get(path) ?? fixedProblem({ type: 'method-not-allowed', detail: `This endpoint takes ${allowed}.` })
    wrongMethods.set(path, problem)
    return problem
  }
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const [path = ''] = request.url.split('?')
    const methods = methodsOf.get(path) ?? patterns().find(({ pattern }) => pattern.test(path))?.methods
    if (methods === undefined) return replyProblem(reply, checkPath(path, nearestPath(path, [...methodsOf.keys()])))
    const all = [...methods, 'OPTIONS']
    if (request.method === 'OPTIONS') return replyOptions(request, reply, { methods: all, moreHeaders })
    const allowed = all.join(', ')
    return replyProblem(reply, wrongMethod(path, allowed), { allow: allowed })
  })
}

interface PathPattern {
  readonly pattern: RegExp
  readonly methods: readonly string[]
}

/** A parameter is one segment of the path, as for the router. All other characters of our paths stand for themselves but the dot. */
const patternsOf = (methodsOf: ReadonlyMap<string, readonly string[]>): readonly PathPattern[] =>
  [...methodsOf]
    .filter(([url]) => url.includes('/:'))
    .map(([url, methods]) => ({ pattern: new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`), methods }))

/** Returns the path that differs by slashes or case alone, or null. */
function nearestPath(path: string, known: readonly string[]): string | null {
  if (path.length > maxComparedLength) return null
  const given = foldPath(path)
  return known.find((each) => foldPath(each) === given) ?? null
}

const foldPath = (path: string): string =>
  path
    .split('/')
    .filter((segment) => segment !== '')
    .join('/')
    .toLowerCase()

/** Longer than any path that is served. */
const maxComparedLength = 512

function pathChecker(options: ChannelPathOptions): (path: string, nearest: string | null) => Problem {
  const { channel } = options
  const { socket, api } = channelPaths(options)
  const otherChannel = fixedProblem({
    type: 'unknown-channel',
    detail: `This gateway serves the channel ${channel}: ${api} and ${socket}.`,
  })
  const nothing = fixedProblem({
    type: 'not-found',
    detail: `Nothing is at this path. ${api}/openapi.json describes what this gateway serves.`,
  })
  return (path, nearest) => {
    const [, named] = /^\/(?:api|wss)\/([^/]+)\/v1(?:\/|$)/.exec(path) ?? []
    if (named !== undefined && named !== channel) return otherChannel
    return nearest === null ? nothing : { type: 'not-found', detail: `Nothing is at this path. ${nearest} is served.` }
  }
}
