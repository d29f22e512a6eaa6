/*
 * civil: days to dates and back.
 *
 * The calendar repeats every 400 years (146097 days, a whole number of weeks), so both directions
 * reduce to one such cycle that starts on 1 March: the leap day is then the last day of its year,
 * and the lengths of the months before it follow one linear formula. Pure integers, no tables.
 */
#include "schedule/civil.h"

#define DAYS_PER_CYCLE   146097
#define DAYS_PER_CENTURY 36524
#define DAYS_PER_4_YEARS 1461
#define DAYS_PER_YEAR    365
#define EPOCH_DAY        719468 /* from 0000-03-01 to 1970-01-01 */

int64_t civil_floor_div(int64_t value, int64_t divisor)
{
        return value / divisor - (value % divisor < 0);
}

bool civil_is_leap_year(int64_t year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int civil_days_in_month(int64_t year, int month)
{
        if (month == 2)
                return civil_is_leap_year(year) ? 29 : 28;
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int64_t civil_day_of(CivilDate date)
{
        int64_t year = date.month <= 2 ? date.year - 1 : date.year;
        int64_t cycle = civil_floor_div(year, 400);
        int64_t year_of_cycle = year - cycle * 400;
        int month_from_march = (date.month + 9) % 12;
        int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
        return cycle * DAYS_PER_CYCLE + year_of_cycle * DAYS_PER_YEAR + year_of_cycle / 4 -
               year_of_cycle / 100 + day_of_year - EPOCH_DAY;
}

CivilDate civil_date_of(int64_t day)
{
        int64_t shifted = day + EPOCH_DAY;
        int64_t cycle = civil_floor_div(shifted, DAYS_PER_CYCLE);
        int64_t rest = shifted - cycle * DAYS_PER_CYCLE;
        /* The last day of a cycle would begin a fifth century, the last one of four years a fifth
         * year: leap days, both. */
        int64_t century = rest / DAYS_PER_CENTURY < 4 ? rest / DAYS_PER_CENTURY : 3;
        rest -= century * DAYS_PER_CENTURY;
        int64_t four_years = rest / DAYS_PER_4_YEARS;
        rest -= four_years * DAYS_PER_4_YEARS;
        int64_t year = rest / DAYS_PER_YEAR < 4 ? rest / DAYS_PER_YEAR : 3;
        rest -= year * DAYS_PER_YEAR;

        int month_from_march = (int)((5 * rest + 2) / 153);
        CivilDate date = {
                .year = cycle * 400 + century * 100 + four_years * 4 + year +
                        (month_from_march >= 10),
                .month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9,
                .day = (int)(rest - (153 * month_from_march + 2) / 5 + 1),
        };
        return date;
}

int civil_weekday_of(int64_t day)
{
        int64_t from_sunday = day + 4;
        return (int)(from_sunday - civil_floor_div(from_sunday, 7) * 7);
}
