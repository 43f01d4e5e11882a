// Refund all of it.
const { items } = find_order(8)
refund(8, items.reduce((sum, item) => sum + item.price, 0))
