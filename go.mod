module socketlabs

go 1.26
