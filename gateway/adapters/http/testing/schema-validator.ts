import Fastify from 'fastify'
import { schemas } from '../schemas.ts'

/** Returns whether a value fits a schema of the API, by the router's own validator. */
export async function schemaValidator(): Promise<(name: keyof typeof schemas, value: unknown) => boolean> {
  const app = Fastify({ ajv: { customOptions: { strict: false, coerceTypes: false, removeAdditional: false, useDefaults: false } } })
  const compiled = new Map<string, (value: unknown) => boolean>()
  app.route({
    method: 'GET',
    url: '/',
    handler: (request, reply) => {
      for (const name of Object.keys(schemas)) {
        compiled.set(name, request.compileValidationSchema({ $ref: `#/components/schemas/${name}`, components: { schemas } }))
      }
      return reply.send('compiled')
    },
  })
  await app.inject('/')
  return (name, value) => {
    const validate = compiled.get(name)
    if (validate === undefined) throw new Error(`${name} did not compile`)
    return validate(value)
  }
}
