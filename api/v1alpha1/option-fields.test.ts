import { expect, it } from 'vitest'
import { options } from '../../gateway/config/options.ts'
import { fieldsOfOptions, operatorOwnedOptions, optionFieldRows, setByPod } from './option-fields.ts'
import { settableOptions } from './schema/gateway-options.ts'

it('lets spec.gateway.env set only those options of fields that had no field in earlier releases', () => {
  const both = optionFieldRows.map(([name]) => options[name].env).filter((variable) => settableOptions.includes(variable))
  expect(both.toSorted()).toEqual([
    'CORS_REQUEST_HEADERS',
    'EMIT_MAX_BATCH',
    'HEARTBEAT_INTERVAL_MS',
    'JWT_AUDIENCE_CLAIM',
    'JWT_TYPES',
    'MAX_AUDIENCE_SIZE',
  ])
})

it('has no option both of a field and of the pod', () => {
  expect(setByPod.filter((name) => fieldsOfOptions[name] !== undefined)).toEqual([])
  expect(new Set(setByPod).size).toBe(setByPod.length)
})

it('keeps from spec.gateway.env every option that a pod or a field decides alone', () => {
  expect(settableOptions.filter((variable) => [...operatorOwnedOptions].some((name) => options[name].env === variable))).toEqual([])
})
