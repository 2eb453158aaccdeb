/** Events that the pictures show, oldest first, as bodies of `POST emit-message`. */
export const samples: readonly object[] = [
  { id: 'order-4702', type: 'order.placed', payload: { title: 'Order 4702: 3 items, 84.50 EUR' } },
  { id: 'stock-118', type: 'stock.low', payload: { title: 'Only 4 left: desk lamp, oak' } },
  { id: 'order-4699', type: 'order.shipped', payload: { title: 'Order 4699 is on its way' } },
  { id: 'build-2210', type: 'build.finished', payload: { title: 'Build 2210 passed in 4 min' } },
  { id: 'status-7', type: 'status.changed', payload: 'Payments work again' },
  { id: 'order-4708', type: 'order.placed', payload: { title: 'Order 4708: 1 item, 12.00 EUR' } },
]
