import { createMarkdownFromOpenApi } from '@scalar/openapi-to-markdown'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeEndpoints } from '../gateway/adapters/http/endpoints.ts'
import { renderOpenApi } from '../gateway/adapters/http/openapi.ts'
import { options } from '../gateway/config/options.ts'
import { root } from './pages.ts'

/** Returns the OpenAPI document of a gateway with default options, in development mode: every endpoint is in it. */
export function defaultOpenApi(): Readonly<Record<string, unknown>> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string } // our own file
  const endpoints = describeEndpoints({
    channel: options.channel.default,
    socketPathPrefix: options.socketPathPrefix.default,
    apiPathPrefix: options.apiPathPrefix.default,
    maxEventBytes: options.maxEventBytes.default,
    emitMaxBatch: options.emitMaxBatch.default,
    emitMaxBodyBytes: options.emitMaxBodyBytes.default,
    maxInboundFrameBytes: options.maxInboundFrameBytes.default,
    emitTrustXRhIdentity: options.emitTrustXRhIdentity.default,
  })
  return renderOpenApi(Object.values(endpoints), { channel: options.channel.default, cookieName: options.jwtCookie.default, version })
}

/** Returns the page about the HTTP API, as Markdown. @throws when the head that the library writes has another form */
export async function renderApiPage(): Promise<string> {
  const written = await createMarkdownFromOpenApi(JSON.stringify(defaultOpenApi()))
  const end = written.indexOf('\n## ')
  if (!written.startsWith('# ') || end === -1) throw new Error('The Markdown of the HTTP API does not begin with a title and a section.')
  return `${head}${written.slice(end)}`
}

/** The library's own head names the channel of the document, and the version of OpenAPI to which the library converts. */
const head = `# HTTP API

A gateway describes its HTTP API in OpenAPI 3.1, at \`/api/NAME/v1/openapi.json\`. This page is the description of a gateway with default
options, in development mode, whose channel is \`chrome-service\`. Other gateways have other paths and limits. [The protocol](../../../docs/protocol.md)
is the contract, and [Emitting events](../../../docs/emit-api.md) has examples to try.
`
