import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { channelPaths, type ChannelPathOptions } from '../../config/channel-paths.ts'
import type { Options } from '../../config/options.ts'
import type { Problem } from '../../problem.ts'
import { replyOptions } from './browser-rules.ts'
import { replyProblem } from './replies.ts'

/**
 * Answers what no route took: a question about a path (OPTIONS), a wrong method, another channel, or nothing. Call it before routes are
 * added.
 */
export function answerUnrouted(app: FastifyInstance, options: ChannelPathOptions & Pick<Options, 'corsRequestHeaders'>): void {
  const moreHeaders = new Set(options.corsRequestHeaders.map((name) => name.toLowerCase()))
  const methodsOf = new Map<string, readonly string[]>()
  app.addHook('onRoute', ({ url, method }) => {
    methodsOf.set(url, [...(methodsOf.get(url) ?? []), method].flat())
  })
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const [path = ''] = request.url.split('?')
    const methods = methodsOf.get(path)
    if (methods === undefined) return replyProblem(reply, judgePath(path, options, nearestPath(path, [...methodsOf.keys()])))
    const all = [...methods, 'OPTIONS']
    if (request.method === 'OPTIONS') return replyOptions(request, reply, { methods: all, moreHeaders })
    return replyProblem(reply, { type: 'method-not-allowed', detail: `This endpoint takes ${all.join(', ')}.` }, { allow: all.join(', ') })
  })
}

/** Returns the path that differs by slashes or case alone; null when there is none. */
function nearestPath(path: string, known: readonly string[]): string | null {
  if (path.length > maxComparedLength) return null
  const given = foldPath(path)
  return known.find((each) => foldPath(each) === given) ?? null
}

const foldPath = (path: string): string => path.split('/').filter((segment) => segment !== '').join('/').toLowerCase()

/** Longer than any path that is served. */
const maxComparedLength = 512

function judgePath(path: string, options: ChannelPathOptions, nearest: string | null): Problem {
  const { channel } = options
  const { socket, api } = channelPaths(options)
  const [, named] = /^\/(?:api|wss)\/([^/]+)\/v1(?:\/|$)/.exec(path) ?? []
  if (named !== undefined && named !== channel) {
    return { type: 'unknown-channel', detail: `This gateway serves the channel ${channel}: ${api} and ${socket}.` }
  }
  if (nearest !== null) return { type: 'not-found', detail: `Nothing is at this path. ${nearest} is served.` }
  return { type: 'not-found', detail: `Nothing is at this path. ${api}/openapi.json describes what this gateway serves.` }
}
