# Which of these orders are there?
there = []
for number in [7, 8, 9]:
    try:
        find_order(number)
        there.append(number)
    except ToolError as e:
        print(e)
there
