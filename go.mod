module github.com/severhq/sever

go 1.26.0
