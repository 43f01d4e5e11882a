// What did order 7 cost?
const order = await find_order(7)
order.items.reduce((sum, item) => sum + item.price, 0)
