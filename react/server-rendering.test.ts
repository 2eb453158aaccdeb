import { createElement, type ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { CarillonProvider, useConnection, useEvents, useGap } from './index.ts'
import { createWatchedGateway } from './testing/watched-gateway.ts'

it('renders on a server as idle, and opens no connection', () => {
  const gateway = createWatchedGateway()
  function Badge(): ReactNode {
    useEvents('order.shipped', () => {})
    useGap(() => {})
    return `state: ${useConnection().state.kind}`
  }
  const tree = createElement(CarillonProvider, { channel: 'orders', ...gateway.options }, createElement(Badge))
  expect([renderToString(tree), gateway.dialled]).toEqual(['state: idle', []])
})
