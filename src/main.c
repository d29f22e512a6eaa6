/*
 * edgemirror: a PostgreSQL mirror of the database connections that a Collibra catalog knows.
 */
#include "cli/cli.h"

int main(int argc, char **argv)
{
        return cli_main(argc, argv);
}
