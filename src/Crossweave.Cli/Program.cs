Console.WriteLine("crossweave");
return 0;
