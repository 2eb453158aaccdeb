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
    emitTrustXRhIdentity: options.emitTrustXRhIdentity.default,
  })
  return renderOpenApi(Object.values(endpoints), { channel: options.channel.default, cookieName: options.jwtCookie.default, version })
}

/** Returns the page about the HTTP API, as Markdown. */
export async function renderApiPage(): Promise<string> {
  return createMarkdownFromOpenApi(JSON.stringify(defaultOpenApi()))
}
