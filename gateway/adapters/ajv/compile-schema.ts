import { Ajv2020 } from 'ajv/dist/2020.js'
import type { CompileSchema } from '../../upstream/data-validator.ts'

/** Longest place that a mistake names. The client chooses the names of properties. */
const maxPlaceLength = 128

/** Makes the check of a schema by ajv, which writes a function for it. It stops at the first mistake. */
export const compileSchema: CompileSchema = (schema) => {
  const ajv = new Ajv2020({ strict: false, ownProperties: true, validateSchema: false, addUsedSchema: false, logger: false })
  const validate = ajv.compile(schema)
  return (data) => {
    if (validate(data)) return null
    const [error] = validate.errors ?? []
    return `data${error?.instancePath.slice(0, maxPlaceLength) ?? ''} ${error?.message ?? 'is not what the schema allows'}`
  }
}
