import type { Endpoint } from './endpoints.ts'
import { schemas } from './schemas.ts'

export interface OpenApiSettings {
  readonly channel: string
  /** Name of the cookie that may hold the token. */
  readonly cookieName: string
  readonly version: string
}

/** Returns the OpenAPI 3.1 document of the endpoints that are served. */
export function renderOpenApi(endpoints: readonly Endpoint[], settings: OpenApiSettings): Readonly<Record<string, unknown>> {
  return {
    openapi: '3.1.0',
    info: {
      title: `Carillon: channel ${settings.channel}`,
      version: settings.version,
      description: 'Delivers CloudEvents to the right browsers. Every error is a problem (RFC 9457, `application/problem+json`).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: paths(endpoints),
    components: { schemas, securitySchemes: securitySchemes(settings) },
  }
}

function paths(endpoints: readonly Endpoint[]): Record<string, Record<string, unknown>> {
  const byPath = Map.groupBy(endpoints, ({ path }) => path)
  return Object.fromEntries(
    [...byPath].map(([path, ofPath]) => [
      path,
      Object.fromEntries(ofPath.map(({ method, operation }) => [method.toLowerCase(), operation])),
    ]),
  )
}

const securitySchemes = ({ cookieName }: OpenApiSettings) => ({
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'A JSON Web Token; to emit it needs one of the scopes that the gateway is configured with.',
  },
  cookie: { type: 'apiKey', in: 'cookie', name: cookieName, description: 'The same token in a cookie, for browsers.' },
  xRhIdentity: {
    type: 'apiKey',
    in: 'header',
    name: 'x-rh-identity',
    description: 'Base64 of JSON, set by a trusted proxy; accepted only where the gateway is configured so.',
  },
})
