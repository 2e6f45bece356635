/* The container's program: static and small, so that its own start costs next to nothing. */
int main(void) { return 0; }
