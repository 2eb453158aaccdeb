import { type ProblemType, problems } from '../../request/problem.ts'
import type { Endpoint } from './endpoints.ts'
import { tags } from './operation-parts.ts'
import { problemExample } from './examples.ts'
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
      contact: { name: 'Carillon', url: projectUrl },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: tags.filter(({ name }) => endpoints.some((endpoint) => tagsOf(endpoint).includes(name))),
    paths: paths(endpoints),
    components: { schemas, examples: problemExamples(endpoints), securitySchemes: usedSchemes(endpoints, settings) },
  }
}

/** Page of the project, as package.json has it. */
const projectUrl = 'https://github.com/carillon-dev/carillon'

const tagsOf = ({ operation }: Endpoint): readonly string[] => operation['tags'] as readonly string[] // endpoints.ts writes them

/** Returns the examples of the problems that an answer names. */
function problemExamples(endpoints: readonly Endpoint[]): Readonly<Record<string, unknown>> {
  const text = JSON.stringify(endpoints)
  const named = (Object.keys(problems) as ProblemType[]).filter((type) => text.includes(`"#/components/examples/${type}"`)) // keys of the table
  return Object.fromEntries(named.map((type) => [type, problemExample(type)]))
}

/** Returns the security schemes that an endpoint names: a scheme that no endpoint takes would mislead. */
function usedSchemes(endpoints: readonly Endpoint[], settings: OpenApiSettings): Readonly<Record<string, unknown>> {
  const named = new Set(endpoints.flatMap(({ operation }) => (operation['security'] as readonly object[]).flatMap(Object.keys))) // endpoints.ts writes them
  return Object.fromEntries(Object.entries(securitySchemes(settings)).filter(([name]) => named.has(name)))
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
