module clock

go 1.24
