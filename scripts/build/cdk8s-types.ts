import { classSpecSchema } from '../../api/v1alpha1/realtime-channel-class.ts'
import { specSchema } from '../../api/v1alpha1/realtime-channel.ts'
import type { JsonSchema } from '../../api/v1alpha1/schema/json-schema.ts'

/** Returns the specs of a channel and of a class as interfaces, with the schema's description at every field, which an editor shows. */
export function renderSpecInterfaces(): string {
  return [renderInterface('RealtimeChannelSpec', specSchema), renderInterface('RealtimeChannelClassSpec', classSpecSchema)].join('\n')
}

const renderInterface = (name: string, schema: JsonSchema): string =>
  `${comment(schema.description, '')}export interface ${name} ${renderFields(schema, '')}\n`

function renderFields({ properties = {}, required = [] }: JsonSchema, indent: string): string {
  const inner = `${indent}  `
  const fields = Object.entries(properties).map(([name, field]) => {
    const mark = required.includes(name) ? '' : '?'
    return `${comment(describe(field), inner)}${inner}readonly ${name}${mark}: ${renderType(field, inner)}\n`
  })
  return `{\n${fields.join('')}${indent}}`
}

function renderType(schema: JsonSchema, indent: string): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'number | string'
  if (schema.enum !== undefined) return schema.enum.map((value) => `'${value}'`).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return schema.type
    case 'integer':
      return 'number'
    case 'array':
      return `readonly ${renderItems(schema.items, indent)}[]`
    case 'object':
    case undefined:
      return renderObject(schema, indent)
    default:
      return schema.type satisfies never
  }
}

function renderItems(items: JsonSchema | undefined, indent: string): string {
  const type = items === undefined ? 'unknown' : renderType(items, indent)
  return /^\w+$/.test(type) ? type : `(${type})`
}

function renderObject(schema: JsonSchema, indent: string): string {
  if (schema.properties !== undefined) return renderFields(schema, indent)
  const value = schema.additionalProperties === undefined ? 'unknown' : renderType(schema.additionalProperties, indent)
  return `{ readonly [name: string]: ${value} }`
}

/** Description, default, and bounds of a number. */
function describe({ description, default: value, minimum, maximum }: JsonSchema): string {
  const bounds = minimum === undefined || maximum === undefined ? '' : ` From ${minimum} to ${maximum}.`
  const isTelling = value !== undefined && JSON.stringify(value) !== '{}'
  return `${description}${bounds}${isTelling ? ` @default ${typeof value === 'string' ? value : JSON.stringify(value)}` : ''}`
}

const comment = (text: string, indent: string): string => `${indent}/** ${text.replaceAll('*/', '*\\/')} */\n`
