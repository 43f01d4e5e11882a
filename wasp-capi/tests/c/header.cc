extern "C" int header_cxx17(void);
#define HEADER_TEST header_cxx17
#include "header.c"
